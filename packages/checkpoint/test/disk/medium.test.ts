import test, { type ExecutionContext } from 'ava';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleSnapshot } from '../../src/conformance/sample.js';
import { storeConformance } from '../../src/conformance/store.js';
import { ownerPrefix } from '../../src/disk/owner.js';
import { openStore } from '../../src/index.js';
import { diskBench, temporaryDirectory } from '../support/directory.js';

const root = await mkdtemp(join(tmpdir(), 'ddpm-fleet-checkpoint-'));
test.after.always(() => rm(root, { recursive: true, force: true }));
let benches = 0;

storeConformance(test, async () => diskBench(join(root, 'deep', 'er', String(benches++))));

test('files have the names that people look for', async (t) => {
  const directory = await temporaryDirectory(t);
  await openStore(directory).publish(sampleSnapshot(1000));
  t.deepEqual((await readdir(join(directory, 'step-00001000'))).toSorted(), [
    'derived.safetensors',
    'ema-0.99.safetensors',
    'ema-0.9999.safetensors',
    'manifest.json',
    'optimizer.safetensors',
    'params.safetensors',
  ]);
});

test('what a dead process left is swept by the next publish; what a living one writes is not', async (t) => {
  const directory = await temporaryDirectory(t);
  const dead = ownerPrefix().replace(/-\d+-$/, '-1-');
  for (const id of [`tmp-${dead}x`, `tmp-${ownerPrefix()}x`, `tmp-0123abcd-1-1-x`, `gone-${dead}x`]) {
    await mkdir(join(directory, `step-00000001.${id}`));
    await writeFile(join(directory, `step-00000001.${id}`, 'params.safetensors'), 'half');
  }
  await openStore(directory).publish(sampleSnapshot(2));
  const left = (await readdir(directory)).filter((name) => name.includes('.'));
  t.deepEqual(
    left.toSorted(),
    [`step-00000001.tmp-${ownerPrefix()}x`, 'step-00000001.tmp-0123abcd-1-1-x'].toSorted(),
  );
});

test('a place that is no directory is refused', async (t) => {
  const directory = await temporaryDirectory(t);
  const file = join(directory, 'file');
  await writeFile(file, '');
  await t.throwsAsync(openStore(file).load('newest'), {
    code: 'DDPM_ERR_STORE_LOCATION',
    message: /ENOTDIR/,
  });
  await t.throwsAsync(openStore(file).publish(sampleSnapshot(1)), {
    code: 'DDPM_ERR_CHECKPOINT_WRITE',
    message: /step 1.*the next save tries again/,
  });
});

const withMounts =
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0 ? test : test.skip;

withMounts(
  'a full disk (where one can be mounted): the save fails loudly, the last good one stays, and later saves go on',
  async (t) => {
    const directory = await temporaryDirectory(t);
    mount(t, directory, 'size=64k');
    const store = openStore(join(directory, 'run'));
    await store.publish(sampleSnapshot(1));
    const filler = join(directory, 'filler');
    await writeFile(filler, Buffer.alloc(1 << 20)).catch(() => {});
    const error = await t.throwsAsync(store.publish(sampleSnapshot(2)), {
      code: 'DDPM_ERR_CHECKPOINT_WRITE',
    });
    t.regex(error.message, /ENOSPC.*Free space there/);
    t.deepEqual(await readdir(join(directory, 'run')), ['LATEST', 'step-00000001']);
    t.is((await store.load('newest')).name, 'step-00000001');
    await rm(filler);
    await store.publish(sampleSnapshot(3));
    t.is((await store.load('newest')).name, 'step-00000003');
  },
);

withMounts(
  'a read-only place (where one can be mounted): the save fails loudly and what is there is still read',
  async (t) => {
    const directory = await temporaryDirectory(t);
    mount(t, directory, 'size=1m');
    const store = openStore(directory);
    await store.publish(sampleSnapshot(1));
    execFileSync('mount', ['-o', 'remount,ro', directory]);
    const error = await t.throwsAsync(store.publish(sampleSnapshot(2)), {
      code: 'DDPM_ERR_CHECKPOINT_WRITE',
    });
    t.regex(error.message, /EROFS.*Make it writable/);
    t.is((await store.load('newest')).name, 'step-00000001');
  },
);

/** A file system of its own, so that it can be full or read-only. */
function mount(t: ExecutionContext, directory: string, options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
  t.teardown(() => void execFileSync('umount', ['-l', directory]));
}

test('what is no regular file is refused at once: a FIFO without a writer, a device, a directory', async (t) => {
  const places = { fifo: 'mkfifo', device: 'ln -s /dev/zero', directory: 'mkdir' };
  for (const [name, make] of Object.entries(places)) {
    const directory = await temporaryDirectory(t);
    const store = openStore(directory);
    await store.publish(sampleSnapshot(3));
    const manifest = join(directory, 'step-00000003', 'manifest.json');
    await rm(manifest);
    execFileSync('sh', ['-c', `${make} "$0"`, manifest]);
    const [verdict] = await store.verify();
    t.regex(verdict!.problem ?? '', /not a regular file/, name);
  }
});
