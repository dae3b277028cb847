// The kernels of TensorFlow's CUDA build, read off the library itself: it registers those for GPUs on any machine. The
// library is taken out of the wheel on PyPI and kept (0.6 GB are fetched once, then 1.2 MB).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readRegistry } from '../../packages/engine/dist/src/placement/index.js';

export const VERSION = '2.21.0';

const READ = `
import ctypes, sys
library, out = sys.argv[1:]
ctypes.CDLL(library + '/libtensorflow_framework.so.2', ctypes.RTLD_GLOBAL)
tf = ctypes.CDLL(library + '/libtensorflow_cc.so.2', ctypes.RTLD_GLOBAL)
class Buffer(ctypes.Structure):
    _fields_ = [('data', ctypes.c_void_p), ('length', ctypes.c_size_t), ('free', ctypes.c_void_p)]
tf.TF_NewStatus.restype = ctypes.c_void_p
tf.TF_GetAllRegisteredKernels.restype = tf.TF_GetAllOpList.restype = ctypes.POINTER(Buffer)
def write(name, buffer):
    with open(out + '/' + name, 'wb') as file: file.write(ctypes.string_at(buffer.contents.data, buffer.contents.length))
write('ops.pb', tf.TF_GetAllOpList())
write('kernels.pb', tf.TF_GetAllRegisteredKernels(ctypes.c_void_p(tf.TF_NewStatus())))
`;

const UNZIP = `
import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
for name in wheel.namelist():
    if name.startswith('tensorflow/libtensorflow'): wheel.extract(name, sys.argv[2])
`;

export function cudaRegistry() {
  const home = process.env.DDPM_FLEET_HOME || join(homedir(), '.cache', 'ddpm-fleet');
  const dir = join(home, 'registry', `tensorflow-${VERSION}`);
  if (!existsSync(dir)) fetchInto(dir);
  return readRegistry(readFileSync(join(dir, 'ops.pb')), readFileSync(join(dir, 'kernels.pb')));
}

function fetchInto(dir) {
  const staging = `${dir}.${process.pid}`;
  mkdirSync(staging, { recursive: true });
  try {
    console.error(`fetching tensorflow ${VERSION} (573 MB) to read its kernels ...`);
    python('-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--python-version', '3.12',
      '--platform', 'manylinux_2_27_x86_64', '--dest', staging, `tensorflow==${VERSION}`); // prettier-ignore
    const wheel = readdirSync(staging).find((name) => name.endsWith('.whl'));
    python('-c', UNZIP, join(staging, wheel), staging);
    python('-c', READ, join(staging, 'tensorflow'), staging);
    rmSync(join(staging, wheel));
    rmSync(join(staging, 'tensorflow'), { recursive: true });
    renameSync(staging, dir);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function python(...args) {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' };
  const { status } = spawnSync(process.env.DDPM_FLEET_PYTHON || 'python3', args, {
    env,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error(`python3 ${args.slice(0, 3).join(' ').slice(0, 60)} failed`);
}
