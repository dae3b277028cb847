import test from 'ava';
import { digestOf, makeRun, train } from './fleet.js';

const STEPS = ['train.steps=6', 'checkpoint.everySteps=0'];

test.serial('one, two and three workers give the same state to the bit', async (t) => {
  t.timeout(300_000);
  const digests: string[] = [];
  for (const workers of [1, 2, 3]) {
    const dir = await makeRun(t, STEPS);
    await train(t, dir, workers);
    digests.push(await digestOf(dir));
  }
  t.log(digests[0]);
  t.deepEqual(new Set(digests).size, 1, digests.join('\n'));
});
