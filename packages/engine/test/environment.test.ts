import test from 'ava';
import { spawnSync } from 'node:child_process';
import { engineEnvironment, type InstalledEngine } from '../src/index.js';

const cuda: InstalledEngine = {
  format: 1,
  version: '2.21.0',
  variant: 'cuda',
  platform: 'linux-x64',
  tfjsVersion: '4.22.0',
  napiVersion: 8,
  source: 'a test',
  installedAt: '2026-01-01T00:00:00.000Z',
  addon: 'addon/tfjs_binding.node',
  libraryDirs: ['nvidia/cublas/lib', '/elsewhere/cudnn/lib'],
  sizeBytes: 0,
  dir: '/engines/one',
  addonPath: '/engines/one/addon/tfjs_binding.node',
};

test('threads, determinism, memory and logging are fixed', (t) => {
  const environment = engineEnvironment({ threads: 3, engine: { ...cuda, libraryDirs: [] } });
  t.like(environment, {
    TF_NUM_INTRAOP_THREADS: '3',
    TF_NUM_INTEROP_THREADS: '1',
    TF_DETERMINISTIC_OPS: '1',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    NVIDIA_TF32_OVERRIDE: '0',
    MALLOC_MMAP_MAX_: '0',
    MALLOC_TRIM_THRESHOLD_: '8589934592',
  });
  t.false('CUDA_VISIBLE_DEVICES' in environment);
  t.false('LD_LIBRARY_PATH' in environment);
  t.false('TF_ENABLE_ONEDNN_OPTS' in environment);
});

test('a device is shown alone; none is shown where none is asked for', (t) => {
  t.is(engineEnvironment({ threads: 1, device: 2, engine: cuda })['CUDA_VISIBLE_DEVICES'], '2');
  t.is(engineEnvironment({ threads: 1, device: '', engine: cuda })['CUDA_VISIBLE_DEVICES'], '');
});

test('CUDA libraries come first on the loader path, and once', (t) => {
  const before = process.env['LD_LIBRARY_PATH'];
  process.env['LD_LIBRARY_PATH'] = '/mine:/elsewhere/cudnn/lib';
  const { LD_LIBRARY_PATH } = engineEnvironment({ threads: 1, engine: cuda });
  if (before === undefined) delete process.env['LD_LIBRARY_PATH'];
  else process.env['LD_LIBRARY_PATH'] = before;
  t.is(LD_LIBRARY_PATH, '/engines/one/nvidia/cublas/lib:/elsewhere/cudnn/lib:/mine');
});

test('TF32 is on where it is asked for', (t) => {
  t.is(engineEnvironment({ threads: 1, tf32: true, engine: cuda })['NVIDIA_TF32_OVERRIDE'], '1');
});

test('a process can be spawned with it', (t) => {
  const env = { ...process.env, ...engineEnvironment({ threads: 2 }) };
  const code = 'console.log(process.env.TF_NUM_INTRAOP_THREADS, new Float32Array(5e6).length)';
  t.is(spawnSync(process.execPath, ['-e', code], { env, encoding: 'utf8' }).stdout, '2 5000000\n');
});
