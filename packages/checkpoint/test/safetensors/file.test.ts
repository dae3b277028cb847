import test from 'ava';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, readSafetensorsHeader, writeSafetensors, type Tensor } from '../../src/index.js';
import { temporaryDirectory } from '../support/directory.js';

const TENSORS: Tensor[] = [
  { name: 'bytes', shape: [3], values: Uint8Array.of(1, 2, 255) },
  { name: 'grad/conv/W', shape: [2, 2], values: Float32Array.of(1.5, -0, NaN, Infinity) },
  { name: '10', shape: [], values: Float32Array.of(0.1) },
  { name: 'position', shape: [2, 1], values: Int32Array.of(-1, 7) },
  { name: 'none', shape: [0, 4], values: new Float32Array(0) },
  { name: 'exact', shape: [1], values: Float64Array.of(Math.PI) },
  { name: 'big', shape: [1], values: BigInt64Array.of(-(2n ** 62n)) },
  { name: 'Grüße "x"', shape: [1], values: Float32Array.of(2) },
];

test('what is written is read back, to the bit', async (t) => {
  const path = join(await temporaryDirectory(t), 'x.safetensors');
  const { sizeBytes, sha256 } = await writeSafetensors(path, TENSORS, { globalStep: '12' });
  const bytes = await readFile(path);
  t.is(bytes.length, sizeBytes);
  t.is(createHash('sha256').update(bytes).digest('hex'), sha256);
  const { metadata, tensors } = await readSafetensors(path);
  t.deepEqual({ ...metadata }, { globalStep: '12' });
  t.deepEqual([...tensors.keys()].toSorted(), TENSORS.map(({ name }) => name).toSorted());
  for (const tensor of TENSORS) t.deepEqual(tensors.get(tensor.name), tensor);
});

test('every tensor lies where its elements are aligned', async (t) => {
  const path = join(await temporaryDirectory(t), 'x.safetensors');
  await writeSafetensors(path, TENSORS);
  const header = await readSafetensorsHeader(path);
  const widths = { F64: 8, I64: 8, F32: 4, I32: 4, U8: 1 } as Record<string, number>;
  for (const { dtype, start } of header.tensors) t.is((header.dataStart + start) % widths[dtype]!, 0);
});

test('the header alone says what is in a file', async (t) => {
  const path = join(await temporaryDirectory(t), 'x.safetensors');
  const { sizeBytes } = await writeSafetensors(path, TENSORS);
  const header = await readSafetensorsHeader(path);
  t.is(header.sizeBytes, sizeBytes);
  t.deepEqual(header.tensors.find(({ name }) => name === 'position')?.shape, [2, 1]);
});

test('files that are cut, lengthened or wrong inside are refused by name', async (t) => {
  const path = join(await temporaryDirectory(t), 'x.safetensors');
  const refused = async (message: RegExp): Promise<void> => {
    for (const read of [readSafetensors, readSafetensorsHeader]) {
      const error = await t.throwsAsync<Error>(read(path), { code: 'DDPM_ERR_SAFETENSORS' });
      t.regex(error.message, message);
      t.regex(error.message, /x\.safetensors/);
    }
  };
  const { sizeBytes } = await writeSafetensors(path, TENSORS);
  await truncate(path, sizeBytes - 1);
  await refused(/ends inside tensor bytes|has \d+ bytes/);
  await writeSafetensors(path, TENSORS);
  await appendFile(path, 'x');
  await refused(/goes on after its last tensor|has \d+ bytes/);
  await truncate(path, 20);
  await refused(/ends inside the header/);
  await truncate(path, 4);
  await refused(/ends inside the header/);
  await writeFile(path, Buffer.alloc(64, 0xff));
  await refused(/header would be \d+ bytes long/);
});

const HEADERS: Record<string, RegExp> = {
  'not json': /not a JSON object/,
  '{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}': /starts at 4, not at 0/,
  '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}': /takes 8 bytes/,
  '{"a":{"dtype":31,"shape":[1],"data_offsets":[0,4]}}': /dtype 31/,
  '{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[4,0]}}': /starts at 4|ends at 0/,
  '{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}': /no usable shape/,
  '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}':
    /starts at 0, not at 4/,
};
for (const [json, message] of Object.entries(HEADERS)) {
  test(`a header is refused: ${json}`, async (t) => {
    const path = join(await temporaryDirectory(t), 'x.safetensors');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    await writeFile(path, Buffer.concat([length, Buffer.from(json), Buffer.alloc(4)]));
    await t.throwsAsync(readSafetensors(path), { code: 'DDPM_ERR_SAFETENSORS', message });
  });
}

test('tensors of dtypes that are not read are passed over, and named', async (t) => {
  const path = join(await temporaryDirectory(t), 'x.safetensors');
  const of = (dtype: string, start: number, end: number): object => {
    return { dtype, shape: [2], data_offsets: [start, end] };
  };
  const entries = {
    tiny: of('F8_E4M3', 0, 2),
    pair: of('C64', 2, 18),
    short: of('I16', 18, 22),
    a: of('F32', 22, 30),
  };
  const json = Buffer.from(JSON.stringify(entries));
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(json.length));
  const data = Buffer.alloc(30);
  data.writeFloatLE(1.5, 22);
  await writeFile(path, Buffer.concat([head, json, data]));
  const { tensors, others } = await readSafetensors(path);
  t.deepEqual([...tensors.entries()], [['a', { name: 'a', shape: [2], values: Float32Array.of(1.5, 0) }]]);
  t.deepEqual(Object.fromEntries(others), { tiny: 'F8_E4M3', pair: 'C64', short: 'I16' });
});

test('half floats of either kind are widened exactly', async (t) => {
  const path = join(await temporaryDirectory(t), 'x.safetensors');
  const json =
    '{"half":{"dtype":"F16","shape":[6],"data_offsets":[0,12]},"brain":{"dtype":"BF16","shape":[2],"data_offsets":[12,16]}}';
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(json.length));
  const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x3555);
  const brains = Uint16Array.of(0x3f80, 0xbdcd);
  await writeFile(
    path,
    Buffer.concat([head, Buffer.from(json), Buffer.from(halves.buffer), Buffer.from(brains.buffer)]),
  );
  const { tensors } = await readSafetensors(path);
  t.deepEqual(tensors.get('half')!.values, Float32Array.of(1, -2, 2 ** -24, 65504, Infinity, 0.333251953125));
  t.deepEqual(tensors.get('brain')!.values, Float32Array.of(1, -0.10009765625));
});

test('values that do not fill their shape are not written', async (t) => {
  const path = join(await temporaryDirectory(t), 'x.safetensors');
  const tensor = { name: 'a', shape: [2, 2], values: new Float32Array(3) };
  await t.throwsAsync(writeSafetensors(path, [tensor]), {
    instanceOf: RangeError,
    message: /a has 3 values for \[2, 2\]/,
  });
});

const hasPackage = spawnSync('python3', ['-c', 'import safetensors, numpy']).status === 0;
const withPackage = hasPackage ? test : test.skip;

withPackage('the safetensors package of python3 reads them', async (t) => {
  const path = join(await temporaryDirectory(t), 'x.safetensors');
  await writeSafetensors(path, [{ name: 'a', shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) }], {
    k: 'v',
  });
  const script = `import sys
from safetensors import safe_open
with safe_open(sys.argv[1], framework='np') as f: print(f.metadata(), f.get_tensor('a').tolist())`;
  const printed = execFileSync('python3', ['-c', script, path]).toString().trim();
  t.is(printed, "{'k': 'v'} [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]");
});
