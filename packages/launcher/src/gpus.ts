import { readdirSync } from 'node:fs';

/** What CUDA_VISIBLE_DEVICES calls a GPU: its number as CUDA counts, or `GPU-...`, or `MIG-...` for a slice. */
export type GpuId = number | string;

/** A GPU as CUDA counts them. */
export interface CudaDevice {
  readonly name: string;
  readonly uuid: string;
  readonly memoryBytes: number;
}

/** What the CUDA library said; `problem` where it is there and did not start. */
export interface CudaAnswer {
  readonly devices: readonly CudaDevice[];
  readonly problem?: string;
}

/** Asks CUDA; undefined where no library answers. */
export type AskCuda = (env: NodeJS.ProcessEnv) => CudaAnswer | undefined;

/** GPUs that a run may use, and what is known of each; `notes` for the user. */
export interface FoundGpus {
  readonly gpus: readonly GpuId[];
  /** What each of `gpus` is; undefined where only CUDA could say. */
  readonly facts: readonly (CudaDevice | undefined)[];
  readonly notes: readonly string[];
}

/**
 * The GPUs of this machine or container, narrowed by CUDA_VISIBLE_DEVICES as for any CUDA program. They are counted by
 * CUDA; by device files where it does not answer, because a container that was given `/dev/nvidia3` alone calls it 0.
 * @param devices where device files are
 */
export function findGpus(env: NodeJS.ProcessEnv, devices: string, ask: AskCuda): FoundGpus {
  const visible = env.CUDA_VISIBLE_DEVICES;
  if (visible !== undefined && isHidden(visible)) return { gpus: [], facts: [], notes: [] };
  const { CUDA_VISIBLE_DEVICES: _, ...unlimited } = env;
  const answer = ask(unlimited);
  const count = answer ? answer.devices.length : countFiles(devices);
  const present = [...Array.from({ length: count }, (_gpu, i) => i), ...uuidsOf(answer)];
  const gpus = visible === undefined ? present.slice(0, count) : visibleGpus(present, visible);
  const facts = gpus.map((id) => factsOf(id, answer?.devices ?? []));
  return { gpus, facts, notes: [...problemNote(answer, devices), ...refusedNote(present, visible)] };
}

/** '' and a leading -1 say that no GPU is to be used. */
function isHidden(visible: string): boolean {
  return ['', '-1'].includes(entriesOf(visible)[0]!);
}

function uuidsOf(answer: CudaAnswer | undefined): string[] {
  return answer?.devices.map(({ uuid }) => uuid) ?? [];
}

/**
 * The list as CUDA reads it, its identifiers as they are given: it stops at the first that is not there.
 * @param present numbers, and UUIDs where they are known; else any is taken for one that is there
 */
export function visibleGpus(present: readonly GpuId[], visible: string | undefined): GpuId[] {
  if (visible === undefined) return [...present];
  const ids = entriesOf(visible).map(gpuId);
  const unknown = ids.findIndex((id) => !isThere(id, present));
  return [...new Set(unknown < 0 ? ids : ids.slice(0, unknown))];
}

/** Of an entry of CUDA_VISIBLE_DEVICES. */
export function gpuId(entry: string): GpuId {
  return /^\d+$/.test(entry) ? Number(entry) : entry;
}

function entriesOf(visible: string): string[] {
  return visible.split(',').map((entry) => entry.trim());
}

function isThere(id: GpuId, present: readonly GpuId[]): boolean {
  if (typeof id === 'number') return present.includes(id);
  const uuids = present.filter((known) => typeof known === 'string');
  // CUDA lists no slices beside the first; a UUID may be cut short.
  if (uuids.length === 0 || id.startsWith('MIG-')) return present.length > 0 && /^(GPU|MIG)-./.test(id);
  return id.startsWith('GPU-') && uuids.some((uuid) => uuid.startsWith(id));
}

function factsOf(id: GpuId, devices: readonly CudaDevice[]): CudaDevice | undefined {
  return typeof id === 'number' ? devices[id] : devices.find(({ uuid }) => uuid.startsWith(id));
}

/** In WSL2 the driver shows one file for all GPUs. */
function countFiles(devices: string): number {
  try {
    const names = readdirSync(devices);
    const count = names.filter((name) => /^nvidia\d+$/.test(name)).length;
    return count > 0 || !names.includes('dxg') ? count : 1;
  } catch {
    return 0;
  }
}

function problemNote(answer: CudaAnswer | undefined, devices: string): string[] {
  const count = countFiles(devices);
  if (!answer || answer.devices.length > 0 || count === 0) return [];
  const why = answer.problem ?? 'it finds none';
  return [
    `WARNING: ${devices} shows ${number(count, 'GPU')} that CUDA does not use (${why}): the run computes on the CPU. Compare nvidia-smi, the driver and the container's settings.`,
  ];
}

function refusedNote(present: readonly GpuId[], visible: string | undefined): string[] {
  const entries = visible === undefined ? [] : entriesOf(visible);
  const refused = entries.slice(entries.findIndex((entry) => !isThere(gpuId(entry), present)));
  if (entries.every((entry) => isThere(gpuId(entry), present))) return [];
  const there = present.length === 0 ? 'there is no GPU' : `the GPUs here are ${present.join(', ')}`;
  return [
    `WARNING: CUDA_VISIBLE_DEVICES names ${refused[0]}, but ${there}; CUDA reads no further, so that ${refused.join(',')} is not used.`,
  ];
}

function number(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
