import { spawnSync } from 'node:child_process';
import { pythonCandidates } from './python.js';

/** A GPU as CUDA counts them: its number is its place in the list. */
export interface CudaDevice {
  readonly name: string;
  /** `GPU-...`, or `MIG-...` of a slice. */
  readonly uuid: string;
  readonly memoryBytes: number;
}

/** What the CUDA library of this machine or container said; `problem` where it could not start. */
export interface CudaAnswer {
  readonly devices: readonly CudaDevice[];
  readonly problem?: string;
}

/**
 * Asks the CUDA library itself, through Python, which the install needs anyway: device files and nvidia-smi number the
 * GPUs of the host otherwise than a container or CUDA does. In a process of its own, because a library that has been
 * initialised keeps the GPUs that it saw.
 */
const PROBE = `
import ctypes, json
def library():
    for name in ('libcuda.so.1', '/usr/lib/wsl/lib/libcuda.so.1'):
        try: return ctypes.CDLL(name)
        except OSError: pass
def device(cuda, i):
    handle, name, uuid, size = ctypes.c_int(), ctypes.create_string_buffer(256), (ctypes.c_ubyte * 16)(), ctypes.c_size_t()
    cuda.cuDeviceGet(ctypes.byref(handle), i)
    cuda.cuDeviceGetName(name, 256, handle)
    getattr(cuda, 'cuDeviceGetUuid_v2', cuda.cuDeviceGetUuid)(uuid, handle)
    cuda.cuDeviceTotalMem_v2(ctypes.byref(size), handle)
    return dict(name=name.value.decode(), uuid=bytes(uuid).hex(), memoryBytes=size.value)
def ask(cuda):
    if cuda is None: return None
    code, count = cuda.cuInit(0), ctypes.c_int()
    if code == 100: return dict(devices=[])
    if code: return dict(devices=[], problem='cuInit says %d' % code)
    cuda.cuDeviceGetCount(ctypes.byref(count))
    return dict(devices=[device(cuda, i) for i in range(count.value)])
print(json.dumps(ask(library())))
`;

const TIMEOUT_MS = 60_000;

/**
 * The GPUs that a process with this environment would see; undefined where there is no CUDA library to ask (or no
 * Python to ask it with).
 */
export function askCuda(env: NodeJS.ProcessEnv = process.env): CudaAnswer | undefined {
  if (process.platform !== 'linux') return undefined;
  for (const python of pythonCandidates()) {
    const { status, stdout } = spawnSync(python, ['-c', PROBE], {
      env,
      timeout: TIMEOUT_MS,
      encoding: 'utf8',
    });
    if (status === 0) return answerOf(stdout);
  }
  return undefined;
}

function answerOf(printed: string): CudaAnswer | undefined {
  const answer = JSON.parse(printed) as CudaAnswer | null;
  if (!answer) return undefined;
  return { ...answer, devices: answer.devices.map((device) => ({ ...device, uuid: dashed(device.uuid) })) };
}

/** As nvidia-smi and CUDA_VISIBLE_DEVICES write it. */
function dashed(hex: string): string {
  return `GPU-${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}`;
}
