import { askCuda, findGpus, locateEngine, type Gpu } from '@ddpm-fleet/engine';
import { localResources, type GpuId, type HostResources } from '@ddpm-fleet/launcher';

/** This machine, with names and memory of its GPUs as far as they are known. */
export async function resourcesHere(): Promise<
  Required<Pick<HostResources, 'gpuNames' | 'gpuBytes' | 'notes'>> & HostResources
> {
  const here = localResources(process.env, '/dev', askCuda);
  const named = here.gpuNames ?? [];
  const seen = here.gpus.length > named.length ? await findGpus() : [];
  return {
    ...here,
    gpuNames: here.gpus.map((id, i) => named[i] ?? at(seen, id)?.name ?? 'unknown'),
    gpuBytes: here.gpus.map((id, i) => here.gpuBytes?.[i] ?? mebibytes(at(seen, id)?.memory)),
    notes: [...(here.notes ?? []), ...idleNote(here.gpus)],
  };
}

/** By the order of nvidia-smi, which is CUDA's where all GPUs are alike; it knows nothing of UUIDs. */
function at(seen: readonly Gpu[], id: GpuId): Gpu | undefined {
  return typeof id === 'number' ? seen[id] : undefined;
}

/** `81559 MiB` */
function mebibytes(memory = ''): number {
  return (parseInt(memory, 10) || 0) * 2 ** 20;
}

function idleNote(gpus: readonly GpuId[]): string[] {
  if (gpus.length === 0) return [];
  const engine = locateEngine();
  if (engine?.variant === 'cuda') return [];
  const what = engine ? 'the installed engine is for CPUs' : 'no TensorFlow engine is installed';
  return [
    `WARNING: ${gpus.length === 1 ? 'a GPU is' : `${gpus.length} GPUs are`} left idle, because ${what}: run ddpm-fleet engine install --variant cuda`,
  ];
}
