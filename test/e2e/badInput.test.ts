import { createServer } from 'node:net';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { ddpmFleet, scratch, type Finished } from '../support/cli.js';
import { TINY } from '../support/tinyRun.js';

const QUICKSTART = 'configs/quickstart.yaml';

/** What every refusal has in common: exit code 2, one line that starts with `error:`, no stack trace, no hang. */
function refused(t: import('ava').ExecutionContext, run: Finished, pattern: RegExp): void {
  t.regex(run.stderr, pattern);
  t.is(run.code, 2, run.stderr);
  t.notRegex(run.stderr + run.stdout, /\n\s+at /);
}

const launch = (args: readonly string[], dir = scratch()): Promise<Finished> =>
  ddpmFleet(['launch', QUICKSTART, '--run-dir', join(dir, 'run'), ...args], { timeoutMs: 60_000 });

test('unknown config key', async (t) => {
  refused(
    t,
    await launch(['--set', 'model.channels=32']),
    /no setting model\.channels.*DDPM_ERR_CONFIG_UNKNOWN_KEY/s,
  );
});

test('negative batch', async (t) => {
  refused(t, await launch(['--set', 'batch.globalBatchSize=-64']), /batch\.globalBatchSize must be .*-64/);
});

test('batch not divisible', async (t) => {
  refused(t, await launch(['--set', 'batch.globalBatchSize=65']), /65.*numSlots 4.*DDPM_ERR_BATCH/s);
});

test('a size the UNet cannot halve', async (t) => {
  refused(t, await launch(['--set', 'data.size=18']), /18.*(16|20)/s);
});

test('missing data', async (t) => {
  const run = await launch([
    '--set',
    'data.kind=idx',
    '--set',
    'data.path=/nowhere/mnist',
    '--set',
    'data.category=',
  ]);
  refused(t, run, /\/nowhere\/mnist/);
});

test('data on S3 without keys, in a place that is none, and published where nothing is', async (t) => {
  const env = { AWS_ACCESS_KEY_ID: '', AWS_SHARED_CREDENTIALS_FILE: '/nowhere', AWS_CONFIG_FILE: '/nowhere' };
  const prepare = (args: readonly string[]) => ddpmFleet(['data', 'prepare', QUICKSTART, ...args], { env });
  const at = (path: string) => ['--set', 'data.kind=webdataset', '--set', `data.path=${path}`];
  const [keys, place, published] = await Promise.all([
    prepare(at('s3://bucket/shards')),
    prepare(at('gs://bucket/shards')),
    prepare(['--publish']),
  ]);
  refused(t, keys!, /no credentials for s3:\/\/bucket.*DDPM_ERR_STORE_CREDENTIALS/s);
  refused(t, place!, /gs:\/\/ is not known.*DDPM_ERR_STORE_LOCATION/s);
  refused(t, published!, /emoji cannot be published.*DDPM_ERR_DATA_PUBLISH/s);
});

test('truncated IDX', async (t) => {
  const dir = scratch();
  const header = Buffer.alloc(16);
  header.writeUInt32BE(0x803, 0);
  header.writeUInt32BE(100, 4);
  header.writeUInt32BE(16, 8);
  header.writeUInt32BE(16, 12);
  writeFileSync(
    join(dir, 'train-images-idx3-ubyte.gz'),
    gzipSync(Buffer.concat([header, Buffer.alloc(5000)])),
  );
  const run = await launch([
    ...['--set', 'data.kind=idx', '--set', `data.path=${dir}`, '--set', 'data.channels=1'],
    ...['--set', 'data.category='],
  ]);
  refused(t, run, /train-images-idx3-ubyte.*25616.*5016|train-images-idx3-ubyte.*5016.*25616|truncated/s);
});

test('corrupt PNG', async (t) => {
  const dir = scratch();
  mkdirSync(join(dir, 'faces'));
  const png = join(dir, 'faces', 'a.png');
  copyFileSync('node_modules/emoji-datasource-google/img/google/64/1f600.png', png);
  cpSync(png, join(dir, 'faces', 'broken.png'));
  truncateSync(join(dir, 'faces', 'broken.png'), 900);
  const run = await launch([
    ...['--set', 'data.kind=imageFolder', '--set', `data.path=${dir}`, '--set', 'data.category='],
    ...['--set', 'data.heldOut=0'],
  ]);
  refused(t, run, /broken\.png/);
});

test('port in use', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const run = await launch([...TINY, '--steps', '2', '--port', String(port)]);
  server.close();
  refused(t, run, new RegExp(`${port}.*in use`, 's'));
});

test('unwritable run directory', async (t) => {
  // A file where a directory is needed cannot be written into, not even by root.
  const dir = scratch();
  writeFileSync(join(dir, 'run'), 'a file');
  refused(t, await launch([...TINY, '--steps', '2'], dir), /run.*(not a directory|ENOTDIR|EEXIST)/s);
  const readOnly = scratch();
  chmodSync(readOnly, 0o500);
  if (process.getuid?.() !== 0) refused(t, await launch([...TINY, '--steps', '2'], readOnly), /EACCES/);
});

test('a directory that holds another run; resume with another identity', async (t) => {
  const dir = scratch();
  const first = await launch([...TINY, '--workers', '1', '--steps', '2'], dir);
  t.is(first.code, 0, first.stderr);
  const before = readFileSync(join(dir, 'run', 'journal.ndjson'), 'utf8');
  refused(t, await launch([...TINY, '--steps', '4'], dir), /already holds a run.*--resume auto/s);
  const other = await launch([...TINY, '--set', 'seed=9', '--steps', '4', '--resume', 'auto'], dir);
  refused(t, other, /seed: 0 there, 9 now/);
  t.is(readFileSync(join(dir, 'run', 'journal.ndjson'), 'utf8'), before);
});

test('resume from nothing', async (t) => {
  refused(t, await launch([...TINY, '--steps', '2', '--resume', 'auto']), /nothing to resume/);
  refused(
    t,
    await launch([...TINY, '--steps', '2', '--resume', '/nowhere/step-00000001']),
    /\/nowhere\/step-00000001/,
  );
});
