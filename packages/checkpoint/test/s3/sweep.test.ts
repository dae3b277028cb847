import test from 'ava';
import { abandoned } from '../../src/s3/sweep.js';

test('only steps without a manifest that nobody touches any more are abandoned', (t) => {
  const at = (key: string, modifiedMs: number): { key: string; sizeBytes: number; modifiedMs: number } => ({
    key: `run/step-1/${key}`,
    sizeBytes: 1,
    modifiedMs,
  });
  const other = { key: 'run/step-2/manifest.json', sizeBytes: 1, modifiedMs: 0 };
  t.deepEqual(abandoned([at('x/params', 10), at('x/ema', 20), other], 30), [
    'run/step-1/x/params',
    'run/step-1/x/ema',
  ]);
  t.deepEqual(abandoned([at('x/params', 10), at('x/ema', 31)], 30), []);
  t.deepEqual(abandoned([at('x/params', 10), at('manifest.json', 20)], 30), []);
});
