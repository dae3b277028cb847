import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { thisPlatform, type EngineVariant } from './cache.js';
import { lastLines, runCommand } from './command.js';
import { Progress, type OnProgress } from './progress.js';
import { requirePip } from './python.js';
import { TENSORFLOW_VERSION, WHEEL_PYTHON } from './versions.js';
import { treeBytes } from './wheel.js';

/** What is fetched for a platform and a variant. */
interface WheelChoice {
  readonly requirement: string;
  readonly platformTag: string;
  /** Of the download, for the time left. */
  readonly sizeBytes: number;
}

const CHOICES: Record<string, WheelChoice> = {
  'linux-x64/cpu': {
    requirement: 'tensorflow-cpu',
    platformTag: 'manylinux_2_27_x86_64',
    sizeBytes: 274_000_871,
  },
  'linux-x64/cuda': {
    requirement: 'tensorflow',
    platformTag: 'manylinux_2_27_x86_64',
    sizeBytes: 572_611_111,
  },
  'linux-arm64/cpu': {
    requirement: 'tensorflow',
    platformTag: 'manylinux_2_27_aarch64',
    sizeBytes: 281_946_471,
  },
  'darwin-arm64/cpu': { requirement: 'tensorflow', platformTag: 'macosx_12_0_arm64', sizeBytes: 223_488_205 },
};

/** @throws DDPM_ERR_ENGINE_PLATFORM where no wheel is built for this machine */
export function wheelChoice(variant: EngineVariant): WheelChoice {
  const choice = CHOICES[`${thisPlatform()}/${variant}`];
  if (choice) return choice;
  throw fleetError('DDPM_ERR_ENGINE_PLATFORM', { variant, platform: thisPlatform() });
}

/** Downloads TensorFlow's wheel into `dir` with pip and returns its path. */
export async function downloadTensorflow(
  variant: EngineVariant,
  dir: string,
  say: OnProgress,
): Promise<string> {
  const { requirement, platformTag, sizeBytes } = wheelChoice(variant);
  const wanted = `${requirement}==${TENSORFLOW_VERSION}`;
  const [wheel] = await pipDownload([wanted], [platformTag], dir, sizeBytes, say);
  return wheel!;
}

/**
 * Downloads the wheels of `requirements` alone (no dependencies) for `platformTags`, whatever Python is here.
 * @throws DDPM_ERR_ENGINE_PYTHON, DDPM_ERR_ENGINE_DOWNLOAD
 */
export async function pipDownload(
  requirements: readonly string[],
  platformTags: readonly string[],
  dir: string,
  sizeBytes: number | undefined,
  say: OnProgress,
): Promise<string[]> {
  const python = await requirePip();
  const wheels = join(dir, 'wheels');
  const partial = join(dir, 'partial');
  await mkdir(wheels, { recursive: true });
  await mkdir(partial, { recursive: true });
  const what = requirements.length === 1 ? requirements[0]! : `${requirements.length} packages`;
  say(`downloading ${what} with ${python.program} -m pip`);
  const progress = new Progress(`downloading ${what}`, sizeBytes, say);
  const timer = setInterval(
    () => void treeBytes(dir).then((bytes) => progress.update(Math.min(bytes, sizeBytes ?? bytes))),
    1000,
  );
  try {
    await runPip(python.program, requirements, platformTags, wheels, partial, what);
  } finally {
    clearInterval(timer);
    await rm(partial, { recursive: true, force: true });
  }
  return (await readdir(wheels)).map((name) => join(wheels, name));
}

async function runPip(
  program: string,
  requirements: readonly string[],
  platformTags: readonly string[],
  wheels: string,
  partial: string,
  what: string,
): Promise<void> {
  const args = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--disable-pip-version-check',
    '--no-input',
  ];
  args.push(
    '--progress-bar',
    'off',
    '--python-version',
    WHEEL_PYTHON,
    '--dest',
    wheels,
    ...platformTags.flatMap((tag) => ['--platform', tag]),
  );
  // pip's half-written file goes where this install is swept from, not into the machine's temporary directory.
  const env = { ...process.env, TMPDIR: partial };
  const result = await runCommand(program, [...args, ...requirements], { env });
  if (result.code === 0) return;
  if (/No space left|Errno 28/.test(result.stderr))
    throw Object.assign(new Error(lastLines(result)), { code: 'ENOSPC' });
  throw fleetError('DDPM_ERR_ENGINE_DOWNLOAD', { what, detail: lastLines(result, 2) });
}
