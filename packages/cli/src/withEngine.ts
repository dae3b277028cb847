import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { engineEnvironment, openEngine, type Engine } from '@ddpm-fleet/engine';
import { note } from './output.js';

const MARK = 'DDPM_FLEET_ENGINE_ENVIRONMENT';

export interface EngineRequest {
  readonly kind: 'auto' | 'tensorflow' | 'wasm';
  readonly compiled?: boolean;
  readonly precision?: 'float32' | 'bfloat16';
  readonly threads?: number | undefined;
}

/**
 * Gives `use` an engine of this process. TensorFlow, glibc and the loader read their environment once, when a process
 * starts; so the same command line is run again in a child that has it.
 */
export async function withEngine(
  request: EngineRequest,
  use: (engine: Engine) => Promise<void>,
): Promise<void> {
  const threads = request.threads ?? availableParallelism();
  if (process.env[MARK] !== '1') return runAgain(engineEnvironment({ threads }));
  const { kind, compiled = true, precision = 'float32' } = request;
  const engine = await openEngine({ kind, compiled, precision, threads, onNotice: note });
  try {
    await use(engine);
  } finally {
    await engine.dispose();
  }
}

function runAgain(environment: Record<string, string>): void {
  const { status } = spawnSync(process.execPath, process.argv.slice(1), {
    env: { ...process.env, ...environment, [MARK]: '1' },
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}
