import test from 'ava';
import { parameterCount, unetParams } from '../src/index.js';
import { cpuBackend } from './support/backend.js';
import { configOf, golden, runGolden, type GoldenUNet } from './support/golden.js';

type Cases = { readonly cases: Record<string, GoldenUNet> };
/** The UNet of Ho et al.; and its variants, computed by the implementations that they follow. */
const cases = { ...golden<Cases>('unet.json').cases, ...golden<Cases>('unet-variants.json').cases };

test.before(cpuBackend);

for (const [name, goldenCase] of Object.entries(cases)) {
  test.serial(`${name}: output, loss and every gradient are the golden ones`, (t) => {
    const { output, lossPerImage, grads } = runGolden(goldenCase);
    const close = (actual: number, expected: number, tolerance: number, what: string): void => {
      t.true(Math.abs(actual - expected) <= tolerance, `${what}: ${actual} in place of ${expected}`);
    };
    const expected = goldenCase.output;
    const norm = Math.sqrt(expected.sum_of_squares);
    const rms = norm / Math.sqrt(output.length);
    expected.first8.forEach((value, i) => close(output[i]!, value, 1e-4 * rms, `output ${i}`));
    expected.last8.forEach((value, i) =>
      close(output[output.length - 8 + i]!, value, 1e-4 * rms, `output -${8 - i}`),
    );
    close(sum(output), expected.sum, 1e-4 * norm, 'sum of the output');
    close(Math.sqrt(sumOfSquares(output)), norm, 1e-4 * norm, 'norm of the output');
    goldenCase.loss_per_image.forEach((loss, i) => close(lossPerImage[i]!, loss, 1e-4 * loss, `loss ${i}`));

    const parameters = Object.entries(goldenCase.parameters);
    t.is(parameters.length, grads.size);
    const largest = Math.max(...parameters.map(([, { grad_norm }]) => grad_norm));
    for (const [parameter, { shape, grad_norm, grad_first3 }] of parameters) {
      const grad = grads.get(parameter)!;
      const tolerance = 1e-3 * Math.max(grad_norm, 1e-4 * largest);
      t.is(
        grad.length,
        shape.reduce((product, n) => product * n, 1),
        parameter,
      );
      close(Math.sqrt(sumOfSquares(grad)), grad_norm, tolerance, `norm of d ${parameter}`);
      grad_first3.forEach((value, i) => close(grad[i]!, value, tolerance, `d ${parameter}[${i}]`));
    }
  });

  test(`${name}: parameters have the golden names, shapes and number`, (t) => {
    const specs = unetParams(configOf(goldenCase));
    t.deepEqual(
      Object.fromEntries(specs.map(({ name: parameter, shape }) => [parameter, shape])),
      Object.fromEntries(
        Object.entries(goldenCase.parameters).map(([parameter, { shape }]) => [parameter, shape]),
      ),
    );
    t.is(parameterCount(configOf(goldenCase)), goldenCase.parameter_count);
  });
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function sumOfSquares(values: Float32Array): number {
  return values.reduce((total, value) => total + value * value, 0);
}
