import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { SafetensorsDecoder } from './decode.js';
import { encodeSafetensors, type Tensor } from './encode.js';
import { damaged, headerLength, parseHeader, type SafetensorsHeader } from './header.js';
import { isRead, valuesOf } from './values.js';

const READ_BYTES = 4 << 20;

/** Writes a safetensors file at `path`, hashed as it is written and synced before this resolves. */
export async function writeSafetensors(
  path: string,
  tensors: readonly Tensor[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const file = await open(path, 'w');
  let sizeBytes = 0;
  try {
    for (const chunk of encodeSafetensors(tensors, metadata)) {
      hash.update(chunk);
      for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
      sizeBytes += chunk.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/**
 * Names, dtypes, shapes and metadata, without reading the tensors.
 * @throws DDPM_ERR_SAFETENSORS when the header is damaged or the file's size is not what the header says
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  const file = await open(path, 'r');
  try {
    const length = headerLength(await readAt(file, 0, 8), path);
    const json = await readAt(file, 8, length);
    if (json.length < length) throw damaged(path, 'it ends inside the header');
    const header = parseHeader(json, path);
    const { size } = await file.stat();
    if (size !== header.sizeBytes)
      throw damaged(path, `it has ${size} bytes, its header needs ${header.sizeBytes}`);
    return header;
  } finally {
    await file.close();
  }
}

/**
 * A whole file, tensors by name; `others` are those of dtypes that are not read here, by name with their dtype.
 * @throws DDPM_ERR_SAFETENSORS
 */
export async function readSafetensors(path: string): Promise<{
  metadata: Readonly<Record<string, string>>;
  tensors: Map<string, Tensor>;
  others: Map<string, string>;
}> {
  const bytes = new Map<string, Uint8Array<ArrayBuffer>>();
  const decoder = new SafetensorsDecoder(path, ({ name, start, end }) => {
    bytes.set(name, new Uint8Array(end - start));
    return bytes.get(name)!;
  });
  const file = await open(path, 'r');
  try {
    for (let at = 0, chunk; (chunk = await readAt(file, at, READ_BYTES)).length > 0; at += chunk.length) {
      decoder.push(chunk);
    }
  } finally {
    await file.close();
  }
  const { metadata, tensors } = decoder.finish();
  const others = tensors.filter(({ dtype }) => !isRead(dtype));
  const entries = tensors
    .filter(({ dtype }) => isRead(dtype))
    .map(({ name, shape, dtype }): [string, Tensor] => [
      name,
      { name, shape, values: valuesOf(bytes.get(name)!, dtype, path) },
    ]);
  const skipped = others.map(({ name, dtype }): [string, string] => [name, dtype]);
  return { metadata, tensors: new Map(entries), others: new Map(skipped) };
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
