import test from 'ava';
import { execFileSync } from 'node:child_process';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sampleSnapshot, withPowerAverages } from '../src/conformance/sample.js';
import { openStore } from '../src/index.js';
import { temporaryDirectory } from './support/directory.js';

const READER = fileURLToPath(new URL('../../test/readers/read_checkpoint.py', import.meta.url));
const hasPython = runs('python3', ['--version']);
const withPython = hasPython ? test : test.skip;

withPython(
  'the reader in Python, written from FORMAT.md, finds the same tensors and the same digest',
  async (t) => {
    const directory = await temporaryDirectory(t);
    const snapshot = withPowerAverages(sampleSnapshot(77));
    const { digest } = await openStore(directory).publish(snapshot);
    const read = readWithPython(directory);
    t.deepEqual([read.name, read.globalStep, read.digest, read.skipped], ['step-00000077', 77, digest, []]);
    const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
    const { params, emas, derived } = snapshot.state;
    t.is(read.sums['params'], sum(params));
    t.is(read.sums['ema-0.9999'], sum(emas[1]!.values));
    t.is(read.sums['ema-std-0.1'], sum(emas[3]!.values));
    t.is(read.sums['derived'], sum(derived[0]!.values));
  },
);

withPython('it reads shares', async (t) => {
  const directory = await temporaryDirectory(t);
  const store = openStore(directory);
  const ticket = store.openTicket(5, 3);
  const written = await Promise.all(
    [0, 1, 2].map((share) => store.writeShare(ticket, share, sampleSnapshot(5))),
  );
  const { digest } = await store.publishShares(ticket, written);
  t.is(readWithPython(directory).digest, digest);
});

withPython('it passes over what is damaged, and counts what was being replaced', async (t) => {
  const directory = await temporaryDirectory(t);
  const store = openStore(directory);
  const { digest } = await store.publish(sampleSnapshot(1));
  await store.publish(sampleSnapshot(2));
  const file = join(directory, 'step-00000002', 'optimizer.safetensors');
  const bytes = await readFile(file);
  bytes[bytes.length >> 1]! ^= 4;
  await writeFile(file, bytes);
  await rename(join(directory, 'step-00000001'), join(directory, 'step-00000001.replaced-x'));
  const read = readWithPython(directory);
  t.is(read.digest, digest);
  t.deepEqual(read.skipped, ['step-00000002: optimizer.safetensors is not what the manifest says']);
  t.is((await store.load('newest')).digest, digest);
});

interface Read {
  readonly name: string;
  readonly globalStep: number;
  readonly digest: string;
  readonly skipped: readonly string[];
  readonly sums: Readonly<Record<string, number>>;
}

function readWithPython(directory: string): Read {
  return JSON.parse(execFileSync('python3', [READER, directory]).toString()) as Read;
}

function runs(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}
