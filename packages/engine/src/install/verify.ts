import { fileURLToPath } from 'node:url';
import { fleetError } from '@ddpm-fleet/core';
import { engineEnvironment } from '../environment.js';
import type { InstalledEngine } from './cache.js';
import { lastLines, runCommand } from './command.js';

/** What a process that loaded an engine and ran an op on it says. */
export interface EngineProbe {
  /** Of libtensorflow, as it says itself. */
  readonly version: string;
  readonly usesGpu: boolean;
  /** Time to load the addon and run the first op. */
  readonly loadMs: number;
}

const PROBE = fileURLToPath(new URL('./probe.js', import.meta.url));
const TIMEOUT_MS = 120_000;

/**
 * Loads an engine in a child process and runs an op on it: a broken library may abort the process it is loaded into.
 * @throws DDPM_ERR_ENGINE_VERIFY with what the child said
 */
export async function verifyEngine(engine: InstalledEngine): Promise<EngineProbe> {
  const env = { ...process.env, ...engineEnvironment({ threads: 1, engine }) };
  const result = await runCommand(process.execPath, [PROBE, engine.addonPath], {
    env,
    timeoutMs: TIMEOUT_MS,
  });
  const line = result.stdout.split('\n').find((text) => text.startsWith('{'));
  if (result.code === 0 && line) return JSON.parse(line) as EngineProbe;
  throw fleetError('DDPM_ERR_ENGINE_VERIFY', { source: engine.source, detail: lastLines(result) });
}
