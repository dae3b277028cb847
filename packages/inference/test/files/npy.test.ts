import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { encodeNpy } from '../../src/index.js';

test('the header is NumPy’s, padded so that the data are aligned to 64 bytes', (t) => {
  for (const shape of [[3], [2, 2], [64, 32, 32, 3]]) {
    const size = shape.reduce((a, b) => a * b, 1);
    const bytes = encodeNpy(new Float32Array(size), shape);
    t.is(bytes.toString('latin1', 0, 8), '\x93NUMPY\x01\x00');
    const length = bytes.readUInt16LE(8);
    t.is((10 + length) % 64, 0);
    t.is(bytes.length, 10 + length + 4 * size);
    t.is(bytes[10 + length - 1], 10);
  }
});

test('a reader that knows only the format gets shape and values back', (t) => {
  const values = Float32Array.of(0, -1.5, 3.25, 1e-30, Infinity, 7);
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-npy-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'x.npy');
  writeFileSync(path, encodeNpy(values, [2, 3]));
  const script = `
import ast, struct, json
b = open(${JSON.stringify(path)}, 'rb').read()
n = struct.unpack('<H', b[8:10])[0]
h = ast.literal_eval(b[10:10 + n].decode())
assert h['descr'] == '<f4' and h['fortran_order'] is False
print(json.dumps([list(h['shape']), [str(x) for x in struct.unpack('<6f', b[10 + n:])]]))`;
  const [shape, read] = JSON.parse(execFileSync('python3', ['-c', script], { encoding: 'utf8' })) as [
    number[],
    string[],
  ];
  t.deepEqual(shape, [2, 3]);
  t.deepEqual(read.map((x) => (x === 'inf' ? Infinity : Number(x))).map(Math.fround), [...values]);
});
