import test from 'ava';
import { openEngine } from '../../src/index.js';
import { fixedGradients } from '../../src/conformance/gradient.js';
import { isClose } from '../../src/conformance/suite.js';
import { ensureInstalled } from '../installed.js';

const options = { compiled: false, precision: 'float32', threads: 1 } as const;

test('TensorFlow and wasm agree on every gradient, in one process and in turns', async (t) => {
  await ensureInstalled();
  const tensorflow = await openEngine({ ...options, kind: 'tensorflow' });
  const wasm = await openEngine({ ...options, kind: 'wasm' });
  const expected = await fixedGradients(tensorflow);
  const actual = await fixedGradients(wasm);
  for (const [name, values] of Object.entries(expected)) {
    const scale = Math.max(...values.map(Math.abs));
    t.true(isClose(actual[name]!, values, 1e-4 * scale), name);
  }
  t.deepEqual(await fixedGradients(tensorflow), expected);
});
