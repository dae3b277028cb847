import { fleetError } from '@ddpm-fleet/core';
import { runCommand } from './command.js';
import type { EngineVariant } from './cache.js';

/** A Python on this machine, and the TensorFlow in it, if any. */
export interface Python {
  readonly program: string;
  readonly version: string;
  /** Undefined where pip is not installed. */
  readonly pip?: string;
  readonly tensorflow?: { readonly dir: string; readonly version: string; readonly variant: EngineVariant };
}

/** Finds, without importing: importing TensorFlow takes seconds and may fail for reasons that do not matter here. */
const PROBE = `
import importlib.util as u, importlib.metadata as m, json, os, platform, re
def version(*names):
    for name in names:
        try: return m.version(name)
        except m.PackageNotFoundError: pass
out = {'version': platform.python_version(), 'pip': version('pip') if u.find_spec('pip') else None}
spec = u.find_spec('tensorflow')
found = version('tensorflow', 'tensorflow-cpu', 'tensorflow-macos')
if spec and spec.submodule_search_locations and found:
    where = list(spec.submodule_search_locations)[0]
    info = os.path.join(where, 'python', 'platform', 'build_info.py')
    text = open(info).read() if os.path.exists(info) else ''
    cuda = re.search(r"is_cuda_build'?,? *[:=]? *True", text)
    out['tensorflow'] = {'dir': where, 'version': found, 'variant': 'cuda' if cuda else 'cpu'}
print(json.dumps(out))
`;

/** The programs asked, in order: `DDPM_FLEET_PYTHON` alone where it is set. */
export function pythonCandidates(): string[] {
  const named = process.env['DDPM_FLEET_PYTHON'];
  return named ? [named] : ['python3', 'python'];
}

export async function probePython(program: string): Promise<Python | undefined> {
  const result = await runCommand(program, ['-c', PROBE], { timeoutMs: 30_000 });
  if (result.code !== 0) return undefined;
  try {
    const facts = JSON.parse(result.stdout) as Omit<Python, 'program'> & { pip: string | null };
    const { pip, ...rest } = facts;
    return { program, ...rest, ...(pip ? { pip } : {}) };
  } catch {
    return undefined;
  }
}

/** Every Python that answers. */
export async function findPythons(): Promise<Python[]> {
  const found = await Promise.all(pythonCandidates().map(probePython));
  return found.filter((python) => python !== undefined);
}

/** @throws DDPM_ERR_ENGINE_PYTHON where none has pip */
export async function requirePip(): Promise<Python> {
  const pythons = await findPythons();
  const withPip = pythons.find((python) => python.pip);
  if (withPip) return withPip;
  const tried = pythons.length
    ? pythons.map((python) => `${python.program} ${python.version} has no pip`).join(', ')
    : `${pythonCandidates().join(', ')}: not found`;
  throw fleetError('DDPM_ERR_ENGINE_PYTHON', { tried });
}
