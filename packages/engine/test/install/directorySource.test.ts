import test from 'ava';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { locateEngine } from '../../src/index.js';
import { directorySource } from '../../src/install/directorySource.js';
import { probePython } from '../../src/install/python.js';
import { ensureInstalled } from '../installed.js';
import { inScratch } from '../scratch.js';

const nothing = (): Record<string, string> => ({});

test.serial('an installed Python TensorFlow is found without importing it', async (t) => {
  await ensureInstalled();
  const { dir, version } = locateEngine()!;
  // An install is laid out like a site-packages: Python's own finder sees TensorFlow in it.
  await inScratch(
    () => ({ PYTHONPATH: dir }),
    async () => {
      const python = await probePython('python3');
      t.regex(python!.version, /^3\./);
      t.deepEqual(python!.tensorflow, { dir: join(dir, 'tensorflow'), version, variant: 'cpu' });
    },
  );
});

test.serial('a Python that is none, or has no TensorFlow', async (t) => {
  t.is(await probePython('/no/python'), undefined);
  t.is(await probePython('false'), undefined);
  t.is((await probePython('python3'))!.tensorflow, undefined);
});

/** An unpacked libtensorflow archive: lib/ with versioned files behind links, include/ without version.h. */
function archive(dir: string, version: string): void {
  mkdirSync(join(dir, 'lib'));
  for (const name of ['libtensorflow', 'libtensorflow_framework']) {
    writeFileSync(join(dir, 'lib', `${name}.so.${version}`), 'x'.repeat(10));
    symlinkSync(`${name}.so.${version}`, join(dir, 'lib', `${name}.so.2`));
  }
  mkdirSync(join(dir, 'include/tensorflow/c'), { recursive: true });
  writeFileSync(join(dir, 'include/tensorflow/c/c_api.h'), '');
}

test('an unpacked archive tells its version by the files that its links point to', async (t) => {
  await inScratch(nothing, async (dir) => {
    archive(dir, '2.18.0');
    const source = directorySource(dir);
    t.like(source, { version: '2.18.0', variant: 'cpu', description: dir });
    const staging = join(dir, 'staging');
    mkdirSync(staging);
    const staged = await source.stage(staging, () => {});
    t.deepEqual([...staged.libraries].toSorted(), ['libtensorflow.so.2', 'libtensorflow_framework.so.2']);
    t.is(staged.includeDir, join(dir, 'include'));
    t.deepEqual(staged.loaderDirs, []);
  });
});

test('a CUDA build brings the libraries that pip put beside it, by their paths', async (t) => {
  await inScratch(nothing, async (dir) => {
    const root = join(dir, 'tensorflow');
    mkdirSync(join(root, 'python/platform'), { recursive: true });
    archive(root, '2.20.0');
    cpSync(join(root, 'lib'), root, { recursive: true });
    writeFileSync(join(root, 'python/platform/build_info.py'), "OrderedDict([('is_cuda_build', True)])");
    mkdirSync(join(dir, 'tensorflow-2.20.0.dist-info'));
    mkdirSync(join(dir, 'nvidia/cublas/lib'), { recursive: true });
    mkdirSync(join(dir, 'nvidia/nothing'), { recursive: true });
    const source = directorySource(root);
    t.like(source, { version: '2.20.0', variant: 'cuda' });
    mkdirSync(join(dir, 'staging'));
    const { loaderDirs } = await source.stage(join(dir, 'staging'), () => {});
    t.deepEqual(loaderDirs, [join(dirname(root), 'nvidia/cublas/lib')]);
  });
});
