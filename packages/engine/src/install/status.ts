import { availableParallelism } from 'node:os';
import { enginesDir, installedEngines, locateEngine, type InstalledEngine } from './cache.js';
import { findGpus, type Gpu } from './gpu.js';
import { TFJS_VERSION } from './versions.js';
import { verifyEngine, type EngineProbe } from './verify.js';

export interface EngineStatus {
  readonly enginesDir: string;
  /** The engine that `openEngine` loads; absent where none is installed. */
  readonly engine?: InstalledEngine;
  /** What a process that loaded it said; absent where it does not load, and `problem` says why. */
  readonly probe?: EngineProbe;
  readonly problem?: string;
  readonly others: readonly InstalledEngine[];
  readonly gpus: readonly Gpu[];
  /** Threads that this machine runs at once. */
  readonly cores: number;
  readonly node: string;
  /** The newest Node-API level of this Node. */
  readonly napiVersion: string;
  readonly tfjsVersion: string;
}

/** The facts about the engines of this machine. Loads the engine once, in a child process. */
export async function engineStatus(): Promise<EngineStatus> {
  const engine = locateEngine();
  const loaded = engine ? await tryEngine(engine) : {};
  return {
    enginesDir: enginesDir(),
    ...(engine ? { engine } : {}),
    ...loaded,
    others: installedEngines().filter(({ dir }) => dir !== engine?.dir),
    gpus: await findGpus(),
    cores: availableParallelism(),
    node: process.version,
    napiVersion: process.versions['napi'] ?? 'none',
    tfjsVersion: TFJS_VERSION,
  };
}

async function tryEngine(engine: InstalledEngine): Promise<Pick<EngineStatus, 'probe' | 'problem'>> {
  try {
    return { probe: await verifyEngine(engine) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
