import test from 'ava';
import { digestOf, logOf, makeRun, train } from './fleet.js';

const STEPS = ['train.steps=6', 'checkpoint.everySteps=0'];

test.serial(
  'one, two and three workers give the same state to the bit, with shared memory and without',
  async (t) => {
    t.timeout(300_000);
    const digests: string[] = [];
    for (const [workers, shares] of [
      [1, true],
      [2, true],
      [2, false],
      [3, true],
    ] as const) {
      const dir = await makeRun(t, [...STEPS, `fleet.sharedMemory=${shares}`]);
      await train(t, dir, workers);
      digests.push(await digestOf(dir));
      const sharers = logOf(dir, 'coordinator').match(/it shares memory/g)?.length ?? 0;
      t.is(sharers, shares && process.platform === 'linux' ? workers : 0);
    }
    t.log(digests[0]);
    t.deepEqual(new Set(digests).size, 1, digests.join('\n'));
  },
);
