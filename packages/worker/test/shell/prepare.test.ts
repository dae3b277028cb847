import test from 'ava';
import { pino } from 'pino';
import { ComputeThread } from '../../src/compute/computeThread.js';
import { Preparation } from '../../src/shell/prepare.js';
import { tinyConfig } from '../tinyRun.js';

test('classes that do not fit the model are refused, on whatever host the data are', async (t) => {
  const compute = new ComputeThread();
  const preparation = new Preparation(compute, pino({ level: 'silent' }));
  t.teardown(async () => {
    await preparation.close();
    await compute.dispose();
  });
  const config = tinyConfig(['model.numClasses=2']);
  const error = await t.throwsAsync(preparation.prepare({ runId: 'r', runDir: '/runs/r', config }), {
    code: 'DDPM_ERR_DATA_CLASSES',
    message: /it has 4 \(disc,/,
  });
  t.is((error as Error & { exitCode: number }).exitCode, 2);
});
