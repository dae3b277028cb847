import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { engineEnvironment, findGpus, locateEngine, type Gpu } from '@ddpm-fleet/engine';
import { localResources } from '@ddpm-fleet/launcher';

/** What a host tells a launcher that asks: `ddpm-fleet host`. */
export interface HostFacts {
  readonly host: string;
  readonly node: string;
  readonly version: string;
  readonly cores: number;
  /** Indices that a worker may be given, and what they are as far as nvidia-smi says. */
  readonly gpus: readonly number[];
  readonly gpuNames: readonly string[];
  readonly driver?: string;
  /** Absent: WebAssembly is all it has. */
  readonly engine?: { readonly version: string; readonly variant: string };
  /** For worker processes with that many threads. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds since 1970, when it was asked. */
  readonly time: number;
}

export async function hostFacts(threads: number): Promise<HostFacts> {
  const { cores, gpus } = localResources();
  const engine = locateEngine();
  const seen = gpus.length > 0 ? await findGpus() : [];
  return {
    host: hostname(),
    node: process.version,
    version: ownVersion(),
    cores,
    gpus,
    gpuNames: gpus.map((index) => nameOf(seen[index])),
    ...(seen[0] && { driver: seen[0].driver }),
    ...(engine && { engine: { version: engine.version, variant: engine.variant } }),
    env: engine ? engineEnvironment({ threads }) : {},
    time: Date.now(),
  };
}

function nameOf(gpu: Gpu | undefined): string {
  return gpu ? `${gpu.name}, ${gpu.memory}` : 'unknown';
}

export function ownVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
