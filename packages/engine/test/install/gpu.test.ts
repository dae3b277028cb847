import test from 'ava';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deviceName, unusedGpu } from '../../src/backends/tensorflow/device.js';
import { checkEngine, type InstalledEngine } from '../../src/index.js';
import { findGpus, gpuUse } from '../../src/install/gpu.js';
import { inScratch } from '../scratch.js';

/** What `nvidia-smi --query-gpu=... --format=csv,noheader` prints on a machine with two GPUs. */
const PRINTED = 'NVIDIA H100 80GB HBM3, 550.54.15, 81559 MiB\nNVIDIA A100-SXM4-40GB, 550.54.15, 40960 MiB\n';

const withPath = (dir: string): Record<string, string> => ({
  PATH: `${dir}:${process.env['PATH']}`,
  CUDA_VISIBLE_DEVICES: '0',
});

function program(dir: string, printed: string): void {
  writeFileSync(join(dir, 'nvidia-smi'), `#!/bin/sh\ncat <<'END'\n${printed}END\n`);
  chmodSync(join(dir, 'nvidia-smi'), 0o755);
}

test.serial('GPUs are read from what the driver prints', async (t) => {
  await inScratch(withPath, async (dir) => {
    program(dir, PRINTED);
    t.deepEqual(await findGpus(), [
      { name: 'NVIDIA H100 80GB HBM3', driver: '550.54.15', memory: '81559 MiB' },
      { name: 'NVIDIA A100-SXM4-40GB', driver: '550.54.15', memory: '40960 MiB' },
    ]);
    t.is(await deviceName(), 'NVIDIA H100 80GB HBM3');
    process.env['CUDA_VISIBLE_DEVICES'] = '0,1';
    t.is(await deviceName(), 'NVIDIA A100-SXM4-40GB');
  });
});

test.serial('memory and utilisation of each GPU', async (t) => {
  await inScratch(withPath, async (dir) => {
    program(
      dir,
      '0, NVIDIA H100 80GB HBM3, 41000 MiB, 81559 MiB, 97 %\n1, NVIDIA T4, 0 MiB, 15360 MiB, 0 %\n',
    );
    const use = await gpuUse();
    t.is(use.length, 2);
    t.like(use[0], { index: 0, memoryUsed: '41000 MiB', utilisation: '97 %' });
    t.like(use[1], { index: 1, name: 'NVIDIA T4', memoryTotal: '15360 MiB' });
    program(dir, 'nonsense\n');
    t.deepEqual(await gpuUse(), []);
  });
});

test.serial('a GPU that the engine leaves idle is named, unless it was hidden', async (t) => {
  await inScratch(withPath, async (dir) => {
    program(dir, PRINTED);
    const engine = { variant: 'cpu' } as InstalledEngine;
    t.regex((await unusedGpu(engine))!, /H100.*is idle.*engine install --variant cuda/);
    process.env['CUDA_VISIBLE_DEVICES'] = '';
    t.is(await unusedGpu(engine), undefined);
  });
});

test.serial('doctor says where the driver is too old or the engine does not use the GPU', async (t) => {
  const variables = (dir: string): Record<string, string> => ({ ...withPath(dir), DDPM_FLEET_HOME: dir });
  await inScratch(variables, async (dir) => {
    program(dir, PRINTED.replaceAll('550.54.15', '470.82.01'));
    const checks = await checkEngine();
    const gpu = checks.find(({ name }) => name === 'GPU');
    t.false(gpu!.ok);
    t.regex(gpu!.detail, /H100 80GB HBM3 \(81559 MiB\).*driver 470\.82\.01; the engine does not use it/);
    t.regex(checks.find(({ name }) => name === 'GPU driver')!.remedy!, /driver 525/);
  });
});
