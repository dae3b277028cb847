import { readdirSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { EngineVariant } from './cache.js';
import { downloadTensorflow, pipDownload, wheelChoice } from './download.js';
import type { OnProgress } from './progress.js';
import { isLibtensorflow, type Source, type Staged } from './source.js';
import { TENSORFLOW_VERSION } from './versions.js';
import { requireWheelForHere, unpackWheel } from './wheel.js';

/** Unpacked sizes, generous: 0.85 GB of libtensorflow for CPUs; 1.7 GB with CUDA, whose own libraries take 4 GB. */
const UNPACKED_BYTES: Record<EngineVariant, number> = { cpu: 1.0e9, cuda: 6.5e9 };
const CUDA_WHEELS_BYTES = 2.6e9;

/** A wheel file on this machine. @throws DDPM_ERR_ENGINE_SOURCE */
export async function wheelFileSource(path: string, variant: EngineVariant): Promise<Source> {
  const wheel = resolve(path);
  const { version, distribution } = requireWheelForHere(wheel);
  await stat(wheel);
  // The plain `tensorflow` distribution drives GPUs; without one here it serves as a CPU engine.
  const built: EngineVariant = distribution === 'tensorflow' ? variant : 'cpu';
  const stage = (staging: string, say: OnProgress): Promise<Staged> => stageWheel(wheel, built, staging, say);
  return { description: wheel, version, variant: built, needBytes: UNPACKED_BYTES[built], stage };
}

/** The wheel that pip fetches. @throws DDPM_ERR_ENGINE_PLATFORM */
export function downloadSource(variant: EngineVariant): Source {
  const { requirement, sizeBytes } = wheelChoice(variant);
  const stage = async (staging: string, say: OnProgress): Promise<Staged> => {
    const download = join(staging, 'download');
    const wheel = await downloadTensorflow(variant, download, say);
    const staged = await stageWheel(wheel, variant, staging, say);
    await rm(download, { recursive: true });
    return staged;
  };
  return {
    description: `${requirement} ${TENSORFLOW_VERSION} (pip)`,
    version: TENSORFLOW_VERSION,
    variant,
    needBytes: sizeBytes + UNPACKED_BYTES[variant] + (variant === 'cuda' ? CUDA_WHEELS_BYTES : 0),
    stage,
  };
}

/**
 * What is kept of a wheel, where the wheel has it: the libraries, the headers of the C API, what says which TensorFlow
 * it is, and its licence. So an install is laid out like a `site-packages`, and another can be built from it.
 */
const KEPT = [
  /^tensorflow\/libtensorflow[^/]*$/,
  /^tensorflow\/include\/(?:tensorflow\/(?:c|core\/platform|core\/common_runtime\/next_pluggable_device\/c|tsl)|tsl|xla\/tsl)\/.*\.h$/,
  /^tensorflow\/python\/platform\/build_info\.py$/,
  /^tensorflow[^/]*\.dist-info\/(?:METADATA|.*LICENSE.*)$/,
];

async function stageWheel(
  wheel: string,
  variant: EngineVariant,
  staging: string,
  say: OnProgress,
): Promise<Staged> {
  const paths = await unpackWheel(
    wheel,
    staging,
    (name) => (KEPT.some((kept) => kept.test(name)) ? name : undefined),
    say,
  );
  const libraries = readdirSync(join(staging, 'tensorflow')).filter(isLibtensorflow);
  const metadata = paths.find((path) => path.endsWith('/METADATA'));
  const loaderDirs = variant === 'cuda' && metadata ? await stageCudaLibraries(staging, metadata, say) : [];
  return {
    includeDir: join(staging, 'tensorflow', 'include'),
    libraryDir: 'tensorflow',
    libraries,
    loaderDirs,
  };
}

/** Fetches the CUDA libraries that the wheel asks for in its `and-cuda` extra, except the compiler, which no kernel of ours needs. */
async function stageCudaLibraries(staging: string, metadataPath: string, say: OnProgress): Promise<string[]> {
  const metadata = await readFile(join(staging, metadataPath), 'utf8');
  const asked = [...metadata.matchAll(/^Requires-Dist: (nvidia-[^;]+);.*and-cuda/gm)].map((match) =>
    match[1]!.trim(),
  );
  const needed = asked.filter((requirement) => !requirement.startsWith('nvidia-cuda-nvcc'));
  const download = join(staging, 'download-cuda');
  const tags = ['manylinux_2_27_x86_64', 'manylinux_2_17_x86_64', 'manylinux2014_x86_64'];
  const wheels = await pipDownload(needed, tags, download, CUDA_WHEELS_BYTES, say);
  const dirs = new Set<string>();
  for (const wheel of wheels) {
    const paths = await unpackWheel(
      wheel,
      staging,
      (name) => (/^nvidia\/[^/]+\/lib\/[^/]+\.so/.test(name) ? name : undefined),
      say,
    );
    for (const path of paths) dirs.add(dirname(path));
    await rm(wheel);
  }
  await rm(download, { recursive: true, force: true });
  return [...dirs];
}
