import test from 'ava';
import { defaultWorkers, localResources } from '../src/index.js';

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

test('this machine has cores', (t) => {
  t.true(localResources().cores >= 1);
  t.deepEqual(localResources({ CUDA_VISIBLE_DEVICES: '-1' }).gpus, []);
});
