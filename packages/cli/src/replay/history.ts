import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseLine, type JournaledStep } from '@ddpm-fleet/coordinator';
import { fleetError } from '@ddpm-fleet/core';

/** The surviving line of a run: what the journal says of each step, without what the run went back over. */
export interface History {
  readonly steps: readonly JournaledStep[];
  /** Digest of the state at each step that was saved. */
  readonly checkpoints: ReadonlyMap<number, string>;
}

/**
 * Reads a journal as far as it can be read; whether it is as it was written is what an audit says.
 * @throws DDPM_ERR_AUDIT_JOURNAL
 */
export async function readHistory(path: string): Promise<History> {
  const steps: JournaledStep[] = [];
  const checkpoints = new Map<number, string>();
  try {
    for await (const text of createInterface({ input: createReadStream(path, 'utf8') })) {
      const line = parseLine(text);
      if (typeof line === 'string') continue;
      if (line.kind === 'step') steps[line.globalStep] = line;
      if (line.kind === 'rewind') steps.length = Math.min(steps.length, line.globalStep);
      if (line.kind === 'checkpoint') checkpoints.set(line.globalStep, line.digest);
    }
  } catch (cause) {
    throw fleetError('DDPM_ERR_AUDIT_JOURNAL', { path, reason: (cause as Error).message }, { cause });
  }
  return { steps, checkpoints };
}
