import { isFleetError } from '@ddpm-fleet/core';
import { findCompiler, compilerCandidates } from './addon.js';
import { enginesDir } from './cache.js';
import { formatBytes } from './progress.js';
import { findPythons, pythonCandidates } from './python.js';
import { freeBytes, prepareCacheDir } from './staging.js';
import { engineStatus, type EngineStatus } from './status.js';

/** One finding of `doctor`. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do where it is not ok. */
  readonly remedy?: string;
}

const INSTALL = 'ddpm-fleet engine install';
const CPU_INSTALL_BYTES = 1.3e9;
/** The oldest driver that runs CUDA 12.5 programs, by CUDA's minor-version compatibility. */
const OLDEST_DRIVER = 525;

/** Whether this machine has the engine, and what an install would need. */
export async function checkEngine(): Promise<Check[]> {
  const status = await engineStatus();
  const installed = status.probe !== undefined;
  return [
    engineCheck(status),
    ...gpuChecks(status),
    ...(await pythonChecks(installed)),
    await compilerCheck(installed),
    ...(await cacheChecks(installed)),
  ];
}

function engineCheck({ engine, probe, problem, enginesDir: dir }: EngineStatus): Check {
  const name = 'TensorFlow engine';
  if (!engine) return { name, ok: false, detail: `not installed in ${dir}`, remedy: INSTALL };
  if (!probe) return { name, ok: false, detail: problem ?? 'it does not load', remedy: `${INSTALL} --force` };
  const what = `TensorFlow ${probe.version} (${engine.variant}), loads and runs an op in ${probe.loadMs} ms`;
  return { name, ok: true, detail: `${what}, ${engine.dir}` };
}

function gpuChecks({ gpus, engine, probe }: EngineStatus): Check[] {
  const name = 'GPU';
  if (gpus.length === 0) return [{ name, ok: true, detail: 'none seen; the engine computes on the CPU' }];
  const driver = gpus[0]!.driver;
  const seen = `${gpus.map((gpu) => `${gpu.name} (${gpu.memory})`).join(', ')}, driver ${driver}`;
  const checks: Check[] = [];
  if (parseInt(driver, 10) < OLDEST_DRIVER) {
    const remedy = `install NVIDIA driver ${OLDEST_DRIVER} or newer`;
    checks.push({ name: 'GPU driver', ok: false, detail: `${driver} is too old for CUDA 12`, remedy });
  }
  if (probe?.usesGpu) return [{ name, ok: true, detail: seen }, ...checks];
  const remedy =
    engine?.variant === 'cpu' ? `${INSTALL} --variant cuda` : 'compare nvidia-smi with CUDA_VISIBLE_DEVICES';
  return [{ name, ok: false, detail: `${seen}; the engine does not use it`, remedy }, ...checks];
}

/** What only an install needs is no fault where the engine is there. */
async function pythonChecks(installed: boolean): Promise<Check[]> {
  const pythons = await findPythons();
  const withPip = pythons.find((python) => python.pip);
  const found = pythons
    .map(({ program, version, pip }) => `${program} ${version}, pip ${pip ?? 'missing'}`)
    .join('; ');
  const detail = found || `${pythonCandidates().join(', ')}: not found`;
  const remedy =
    'install Python 3 with pip (Debian: apt-get install python3-pip), or engine install --from DIR_OR_WHEEL';
  const python: Check = { name: 'Python with pip', ok: installed || withPip !== undefined, detail };
  return [python.ok ? python : { ...python, remedy }];
}

async function compilerCheck(installed: boolean): Promise<Check> {
  const compiler = await findCompiler();
  const detail = compiler
    ? `${compiler.program}: ${compiler.version}`
    : `${compilerCandidates().join(', ')}: not found`;
  const check = { name: 'C++ compiler', ok: installed || compiler !== undefined, detail };
  const remedy = 'install one (Debian: apt-get install g++; macOS: xcode-select --install), or set CXX';
  return check.ok ? check : { ...check, remedy };
}

async function cacheChecks(installed: boolean): Promise<Check[]> {
  const dir = enginesDir();
  const name = 'engine cache';
  try {
    await prepareCacheDir(dir);
  } catch (error) {
    if (!isFleetError(error)) throw error;
    return [
      { name, ok: installed, detail: error.message, remedy: 'set DDPM_FLEET_HOME to a writable directory' },
    ];
  }
  const free = await freeBytes(dir);
  const space: Check = {
    name: 'disk',
    ok: installed || free >= CPU_INSTALL_BYTES,
    detail: `${formatBytes(free)} free in ${dir}`,
  };
  const remedy = `free ${formatBytes(CPU_INSTALL_BYTES)}, or set DDPM_FLEET_HOME to a larger disk`;
  return [{ name, ok: true, detail: `${dir} is writable` }, space.ok ? space : { ...space, remedy }];
}
