import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { engineEnvironment, findGpus, locateEngine } from '@ddpm-fleet/engine';
import type { GpuId } from '@ddpm-fleet/launcher';
import { resourcesHere } from './resourcesHere.js';
import { tryReach } from './reach.js';

/** What a host tells a launcher that asks: `ddpm-fleet host`. */
export interface HostFacts {
  readonly host: string;
  readonly node: string;
  readonly version: string;
  readonly cores: number;
  /** GPUs that a worker may be given, what they are, and their memory, 0 where it is unknown. */
  readonly gpus: readonly GpuId[];
  readonly gpuNames: readonly string[];
  readonly gpuBytes: readonly number[];
  /** What the user should know of them. */
  readonly notes: readonly string[];
  readonly driver?: string;
  /** Absent: WebAssembly is all it has. */
  readonly engine?: { readonly version: string; readonly variant: string };
  /** For worker processes with that many threads. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds since 1970, when it was asked. */
  readonly time: number;
  /** Files and sockets that a process may have open. */
  readonly descriptors: number;
  /** Whether it reaches the address that it was asked to try: 'ok', or why not. */
  readonly reaches?: string;
  /** Whether it sees the file that it was asked to look at, and can write one beside it: 'ok', or why not. */
  readonly sees?: string;
}

export interface HostQuestion {
  readonly threads: number;
  readonly reach?: string;
  readonly see?: string;
  /** The file to write beside `see`. */
  readonly answer?: string;
}

export async function hostFacts({ threads, reach, see, answer }: HostQuestion): Promise<HostFacts> {
  const { cores, gpus, gpuNames, gpuBytes, notes } = await resourcesHere();
  const engine = locateEngine();
  const seen = gpus.length > 0 ? await findGpus() : [];
  return {
    host: hostname(),
    node: process.version,
    version: ownVersion(),
    cores,
    gpus,
    ...{ gpuNames, gpuBytes, notes },
    ...(seen[0] && { driver: seen[0].driver }),
    ...(engine && { engine: { version: engine.version, variant: engine.variant } }),
    env: engine ? engineEnvironment({ threads }) : {},
    descriptors: descriptorLimit(),
    ...(reach !== undefined && { reaches: await tryReach(reach) }),
    ...(see !== undefined && { sees: lookAt(see, answer ?? see) }),
    time: Date.now(),
  };
}

function lookAt(file: string, answer: string): string {
  try {
    writeFileSync(answer, readFileSync(file));
    return 'ok';
  } catch (error) {
    return (error as Error).message;
  }
}

/** Infinity where it cannot be read. */
export function descriptorLimit(): number {
  try {
    return Number(
      /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity,
    );
  } catch {
    return Infinity;
  }
}

export function ownVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
