import { readFile } from 'node:fs/promises';
import { unzipSync, zipSync } from 'fflate';
import { fleetError } from '@ddpm-fleet/core';
import { decodeNpy, encodeNpy, type NpyArray } from './npy.js';

/** NumPy's .npz, as `numpy.savez` writes it: arrays by name, not compressed. */
export function encodeNpz(arrays: Readonly<Record<string, NpyArray>>): Buffer {
  const files = Object.entries(arrays).map(
    ([name, { values, shape }]) => [`${name}.npy`, encodeNpy(values, shape)] as const,
  );
  // The first moment that a zip can name, in local time: the same arrays are the same bytes, whenever they are written.
  const mtime = new Date(1980, 0, 1);
  return Buffer.from(zipSync(Object.fromEntries(files), { level: 0, mtime }));
}

/**
 * Arrays of a file that `numpy.savez` or `numpy.savez_compressed` wrote.
 * @throws DDPM_ERR_NPY when it cannot be read, is no such file, or lacks one of `names`
 */
export async function readNpz<Name extends string>(
  path: string,
  names: readonly Name[],
): Promise<Record<Name, NpyArray>> {
  const files = await unzipped(path);
  const arrays = names.map((name) => {
    const bytes = files[`${name}.npy`];
    if (!bytes) {
      const has = Object.keys(files).map((file) => file.replace(/\.npy$/, ''));
      throw fleetError('DDPM_ERR_NPY', {
        file: path,
        detail: `it has no array ${name}; it has ${has.join(', ')}`,
      });
    }
    return [name, decodeNpy(bytes, `${path}: ${name}`)] as const;
  });
  return Object.fromEntries(arrays) as Record<Name, NpyArray>;
}

async function unzipped(path: string): Promise<Record<string, Uint8Array>> {
  try {
    return unzipSync(await readFile(path));
  } catch (cause) {
    throw fleetError('DDPM_ERR_NPY', { file: path, detail: (cause as Error).message }, { cause });
  }
}
