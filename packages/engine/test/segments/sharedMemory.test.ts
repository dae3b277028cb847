import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { SharedMemory, type SegmentHandle } from '../../src/segments/index.js';

const OWNER = fileURLToPath(new URL('./ownerProcess.js', import.meta.url));
const shares = process.platform === 'linux' ? test : test.skip;
const shared = (): Promise<SharedMemory> => SharedMemory.open();
const floats = (bytes: Uint8Array): Float32Array =>
  new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);

shares('what one process writes another one reads, and it outlives its maker without a name', async (t) => {
  const before = readdirSync('/dev/shm');
  const owner = spawn(process.execPath, [OWNER], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(owner.stdout), 'line')) as [string];
  const handle = JSON.parse(line) as SegmentHandle;
  const memory = await shared();
  const view = memory.view(handle);
  t.deepEqual([...floats(view)], [1.5, -2]);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  t.deepEqual([...floats(view)], [1.5, -2], 'who maps it keeps it');
  t.throws(() => memory.view(handle), { message: /No such file/ });
  t.deepEqual(readdirSync('/dev/shm'), before);
});

shares('only the segment that was meant is mapped', async (t) => {
  const memory = await shared();
  const { handle, bytes, close } = memory.create(64);
  const other = memory.create(64);
  bytes.fill(7);
  t.deepEqual([...memory.view(handle)], [...bytes]);
  const { token } = other.handle;
  t.throws(() => memory.view({ ...handle, token }), { message: /another segment/ });
  t.throws(() => memory.view({ ...handle, sizeBytes: 32 }), { message: /Invalid argument/ });
  const file = openSync(OWNER, 'r');
  const sizeBytes = readFileSync(OWNER).length - 16;
  t.throws(
    () => memory.view({ ...handle, fd: file, sizeBytes }),
    { message: /Invalid argument/ },
    'no segment',
  );
  closeSync(file);
  close();
  other.close();
  t.false(existsSync(`/proc/${process.pid}/fd/${handle.fd}`));
  t.throws(() => memory.view(handle));
});

shares(
  'a segment is written by whoever rewrites it, and more memory than there is is an error',
  async (t) => {
    const memory = await shared();
    const { handle, bytes } = memory.create(8);
    memory.rewrite(handle).set([9], 3);
    t.is(bytes[3], 9);
    t.throws(() => memory.create(2 ** 46), { message: /are free/ });
  },
);

shares('sums are those of JavaScript to the bit, in place too, with their squares by fours', async (t) => {
  const memory = await shared();
  for (const length of [1, 3, 4, 7, 1000, 4099]) {
    const left = Float32Array.from({ length }, (_, i) => Math.sin(i) * 10 ** (i % 9));
    const right = Float32Array.from({ length }, (_, i) => Math.cos(i * 1.7) * 10 ** ((i + 4) % 9));
    const sum = left.map((value, i) => value + right[i]!);
    const squares = [0, 0, 0, 0];
    for (const [i, value] of sum.entries()) squares[i % 4]! += value * value;
    const expected = squares[0]! + squares[1]! + (squares[2]! + squares[3]!);
    t.is(memory.add(left, left, right), expected);
    t.deepEqual(left, sum);
  }
  t.true(
    Number.isNaN(
      memory.add(new Float32Array(2), Float32Array.of(1, Infinity), Float32Array.of(1, -Infinity)),
    ),
  );
  t.throws(() => memory.add(new Float32Array(2), new Float32Array(3), new Float32Array(2)));
});
