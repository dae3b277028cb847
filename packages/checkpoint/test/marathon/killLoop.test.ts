import test from 'ava';
import { temporaryDirectory } from '../support/directory.js';
import { killLoop } from './killLoop.js';

test('a saving process is killed 30 times at random: the newest checkpoint is always whole', async (t) => {
  t.timeout(5 * 60_000);
  const { kills, inSave, lastStep } = await killLoop(await temporaryDirectory(t), 30, 1);
  t.log(`${inSave} of ${kills} kills fell into a save; ${lastStep} steps were saved`);
  t.true(inSave >= 3, 'the kills do not fall into saves: this test shows nothing');
});
