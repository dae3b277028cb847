import { drawNormal, imageAddress, Purpose } from '@ddpm-fleet/core';
import test from 'ava';
import { interpolationLatents } from '../src/index.js';
import { tinyModel } from './support/tinyModel.js';

const SIZE = 8 * 8 * 3;
const images = Uint8Array.from({ length: 4 * SIZE }, (_, i) => (i * 53) % 256);
const request = { images, t: 11, columns: 3, seed: 6, mix: 'linear' } as const;

/** Ho et al., eq. 4, by hand: T = 20, linear betas. */
function noised(k: number): number[] {
  let ac = 1;
  for (let t = 0; t <= 11; t++) ac *= 1 - (1e-4 + ((0.02 - 1e-4) * t) / 19);
  const noise = drawNormal(imageAddress(6, Purpose.interpolate, BigInt(k), SIZE), 1, SIZE);
  return Array.from(
    noise,
    (eps, i) => Math.sqrt(ac) * (images[k * SIZE + i]! / 127.5 - 1) + Math.sqrt(1 - ac) * eps,
  );
}

function near(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((x, i) => Math.abs(x - b[i]!) < 1e-6);
}

test('the ends of a row are the noised images, the middle lies between', (t) => {
  const latents = interpolationLatents(tinyModel(), request);
  t.is(latents.length, 2 * 3 * SIZE);
  for (const pair of [0, 1]) {
    const [from, to] = [noised(2 * pair), noised(2 * pair + 1)];
    const column = (k: number): Float32Array =>
      latents.subarray((pair * 3 + k) * SIZE, (pair * 3 + k + 1) * SIZE);
    t.true(near(column(0), from));
    t.true(near(column(2), to));
    t.true(
      near(
        column(1),
        from.map((x, i) => (x + to[i]!) / 2),
      ),
    );
  }
});

test('constant variance: the middle is as noisy as the ends', (t) => {
  const linear = interpolationLatents(tinyModel(), request);
  const constant = interpolationLatents(tinyModel(), { ...request, mix: 'constantVariance' });
  const middle = (latents: Float32Array): Float32Array => latents.subarray(SIZE, 2 * SIZE);
  t.true(
    near(
      middle(constant),
      middle(linear).map((x) => x * Math.SQRT2),
    ),
  );
  t.true(near(constant.subarray(0, SIZE), linear.subarray(0, SIZE)));
});
