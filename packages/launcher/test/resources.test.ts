import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { defaultWorkers, localResources, visibleGpus } from '../src/index.js';
import { scratch } from './fixtures.js';

test('one worker a GPU, else one per set of cores', (t) => {
  t.is(defaultWorkers([{ host: 'a', cores: 8, gpus: [] }], 1), 8);
  t.is(defaultWorkers([{ host: 'a', cores: 8, gpus: [] }], 3), 2);
  t.is(defaultWorkers([{ host: 'a', cores: 2, gpus: [] }], 4), 1);
  t.is(
    defaultWorkers(
      [
        { host: 'a', cores: 8, gpus: [0, 1] },
        { host: 'b', cores: 8, gpus: [0] },
      ],
      1,
    ),
    3,
  );
});

test('CUDA_VISIBLE_DEVICES narrows as CUDA does: up to the first index that is not there', (t) => {
  t.deepEqual(visibleGpus([0, 1, 2], undefined), [0, 1, 2]);
  t.deepEqual(visibleGpus([0, 1, 2], '2,0'), [2, 0]);
  t.deepEqual(visibleGpus([0, 1, 2], '1,7,0'), [1]);
  t.deepEqual(visibleGpus([0, 1, 2], '-1'), []);
  t.deepEqual(visibleGpus([0, 1, 2], ''), []);
});

test('GPUs are the device files of the driver, or what Slurm granted to the step', async (t) => {
  const dir = await scratch(t);
  for (const name of ['nvidia0', 'nvidia10', 'nvidia2', 'nvidiactl', 'nvidia-uvm'])
    await writeFile(join(dir, name), '');
  t.deepEqual(localResources({}, dir).gpus, [0, 2, 10]);
  t.deepEqual(localResources({ CUDA_VISIBLE_DEVICES: '10,0' }, dir).gpus, [10, 0]);
  const step = { SLURM_STEP_ID: '1', SLURM_STEP_GPUS: '2,3', CUDA_VISIBLE_DEVICES: '0,1' };
  t.deepEqual(localResources(step, join(dir, 'none')).gpus, [0, 1]);
  t.deepEqual(localResources({ SLURM_STEP_ID: '1' }, dir).gpus, [0, 2, 10]);
});

test('this machine has cores', (t) => {
  t.true(localResources().cores >= 1);
  t.deepEqual(localResources({ CUDA_VISIBLE_DEVICES: '-1' }).gpus, []);
});
