import test from 'ava';
import { goldenConfig, goldenDeviations, goldenProblem, type GoldenUNet } from '../src/conformance.js';
import { parameterCount, unetParams } from '../src/index.js';
import { cpuBackend } from './support/backend.js';
import { golden, runGolden } from './support/golden.js';

type Cases = { readonly cases: Record<string, GoldenUNet> };
/** The UNet of Ho et al.; and its variants, computed by the implementations that they follow. */
const cases = { ...golden<Cases>('unet.json').cases, ...golden<Cases>('unet-variants.json').cases };

test.before(cpuBackend);

for (const [name, expected] of Object.entries(cases)) {
  test.serial(`${name}: output, loss and every gradient are the golden ones`, (t) => {
    t.deepEqual(goldenDeviations(expected, runGolden(goldenProblem(expected))), []);
  });

  test(`${name}: parameters have the golden names, shapes and number`, (t) => {
    const config = goldenConfig(expected);
    t.deepEqual(
      Object.fromEntries(unetParams(config).map(({ name: parameter, shape }) => [parameter, shape])),
      Object.fromEntries(
        Object.entries(expected.parameters).map(([parameter, { shape }]) => [parameter, shape]),
      ),
    );
    t.is(parameterCount(config), expected.parameter_count);
  });
}

test('a run that is wrong somewhere deviates', (t) => {
  const expected = cases['rgb8']!;
  const run = {
    output: new Float32Array(576),
    lossPerImage: new Float32Array(3),
    grads: new Map<string, Float32Array>(),
  };
  const found = goldenDeviations(expected, run);
  t.true(found.some((line) => line.startsWith('output[0]')));
  t.true(found.some((line) => line.startsWith('d conv_in/W[0]')));
});
