import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync, crc32 } from 'node:zlib';
import test from 'ava';
import { ddpmFleet, scratch } from '../support/cli.js';
import { TINY } from '../support/tinyRun.js';

/** Grey pictures of 8 x 8, three a folder. */
function folders(names: readonly string[]): string {
  const root = scratch();
  for (const [k, name] of names.entries()) {
    for (let i = 0; i < 3; i++) {
      const path = join(root, name, `${i}.png`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, png(40 * k + 10 * i));
    }
  }
  return root;
}

function png(value: number): Buffer {
  const header = Buffer.from([0, 0, 0, 8, 0, 0, 0, 8, 8, 0, 0, 0, 0]);
  const rows = Buffer.concat(
    Array.from({ length: 8 }, () => Buffer.from([0, ...new Array<number>(8).fill(value)])),
  );
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(body.length, 0);
  ends.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
}

const run = (path: string, ...set: string[]) => [
  ...['configs/quickstart.yaml', ...TINY],
  ...['data.kind=imageFolder', `data.path=${path}`, ...set].flatMap((pair) => ['--set', pair]),
];

test.serial('classes that do not fit are refused before anything starts, also by --dry-run', async (t) => {
  const path = folders(['a', 'b', 'c', 'd']);
  for (const [numClasses, flags] of [
    [2, ['--dry-run']],
    [9, ['--dry-run']],
    [1, ['--run-dir', join(scratch(), 'run')]],
  ] as const) {
    const refused = await ddpmFleet(['launch', ...run(path, `model.numClasses=${numClasses}`), ...flags]);
    t.is(refused.code, 2);
    t.regex(refused.stderr, new RegExp(`numClasses is ${numClasses},.*it has 4 \\(a, b, c, d\\).*_CLASSES`));
  }
  const flat = folders(['.']);
  const none = await ddpmFleet(['launch', ...run(flat, 'model.numClasses=2'), '--dry-run']);
  t.regex(none.stderr, /its images have no labels.*DDPM_ERR_DATA_CLASSES/);
});

test.serial('auto is the number of classes there are, and what is evaluated must fit too', async (t) => {
  const path = folders(['train/a', 'train/b', 'train/c', 'test/a', 'test/c']);
  const dir = join(scratch(), 'run');
  const args = run(path, 'model.numClasses=auto');
  const trained = await ddpmFleet(['launch', ...args, '--steps', '2', '--workers', '1', '--run-dir', dir], {
    timeoutMs: 280_000,
  });
  t.is(trained.code, 0, trained.stderr);
  const bpd = ['evaluate', dir, '--metric', 'bpd', '--count', '2', '--json'];
  const other = await ddpmFleet([...bpd, '--split', 'test']);
  t.is(other.code, 0, other.stderr);
  const absent = await ddpmFleet([...bpd, '--split', 'validation']);
  t.is(absent.code, 2);
  t.regex(absent.stderr, /no split validation.*it has test, train.*DDPM_ERR_DATA_SPLIT/);
  const unfit = await ddpmFleet([...bpd, '--data-path', folders(['a', 'b', 'c', 'd'])]);
  t.regex(unfit.stderr, /it has 4 \(a, b, c, d\).*DDPM_ERR_DATA_CLASSES/);
});
