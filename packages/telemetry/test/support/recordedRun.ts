import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configYaml, loadConfig, runPaths, type RunConfig, type RunRecord } from '@ddpm-fleet/config';

const BEGAN = Date.UTC(2026, 0, 1);

/** The directory of a run whose journal grows as a test says. */
export class RecordedRun {
  readonly dir = mkdtempSync(join(tmpdir(), 'ddpm-telemetry-'));
  readonly paths = runPaths(this.dir);
  readonly config: RunConfig;
  readonly record: RunRecord;
  #line = 0;

  constructor(set: readonly string[] = []) {
    this.config = loadConfig({ set: ['name=recorded', 'log.everySteps=5', ...set], env: {} });
    this.record = { runId: 'f'.repeat(64), datasetSize: 100 } as RunRecord;
    writeFileSync(this.paths.config, configYaml(this.config));
    writeFileSync(this.paths.record, JSON.stringify(this.record));
  }

  write(event: { readonly kind: string } & Record<string, unknown>): void {
    const at = new Date(BEGAN + 1000 * this.#line).toISOString();
    appendFileSync(this.paths.journal, `${JSON.stringify({ line: this.#line++, prev: '', at, ...event })}\n`);
  }

  /** Steps [from, to), each with a loss that only depends on it and on `salt`. */
  steps(from: number, to: number, salt = 0): void {
    for (let globalStep = from; globalStep < to; globalStep++)
      this.write({
        kind: 'step',
        ...{ globalStep, generation: 1, loss: lossAt(globalStep, salt), gradNorm: 0.5, ms: 100 },
        slots: [
          [0, 2, 'worker-0'],
          [2, 4, 'worker-1'],
        ],
        bins: Array.from({ length: 10 }, (_, i) => [4, 4 * (1 + i)]),
      });
  }
}

export function lossAt(globalStep: number, salt = 0): number {
  return Math.fround(1 / (1 + globalStep) + salt);
}
