import test from 'ava';
import { initParams, parameterCount, uniformLimit, unetParams, type ParamSpec } from '../src/index.js';
import { CIFAR, TINY } from './support/configs.js';
import { golden } from './support/golden.js';

const limits = golden<{ init_uniform_limit: Record<string, number> }>('ddpm.json').init_uniform_limit;

function spec(shape: number[], scale = 1): ParamSpec {
  return { name: 'W', shape, init: { kind: 'fanAvgUniform', scale } };
}

test('trap 12: fan-average uniform, with the kernel area in the fans', (t) => {
  const cases: [string, ParamSpec][] = [
    ['conv3x3_128_128', spec([3, 3, 128, 128])],
    ['conv3x3_3_128', spec([3, 3, 3, 128])],
    ['dense_128_512', spec([128, 512])],
    ['dense_512_512', spec([512, 512])],
  ];
  for (const [name, { shape, init }] of cases) {
    t.true(Math.abs(uniformLimit(shape, init) - limits[name]!) < 1e-12, name);
  }
});

test('trap 11: init_scale 0 is 1e-10, and stands where Ho et al. have it', (t) => {
  const specs = new Map(unetParams(CIFAR).map((entry) => [entry.name, entry]));
  const limitOf = (name: string): number => uniformLimit(specs.get(name)!.shape, specs.get(name)!.init);
  t.true(Math.abs(limitOf('conv_out/W') - limits['conv3x3_128_3_scale0']!) < 1e-15);
  t.true(Math.abs(limitOf('mid/attn_1/proj_out/W') - limits['nin_256_256_scale0']!) < 1e-15);
  const tiny = [...specs.values()].filter(
    ({ init }) => init.kind === 'fanAvgUniform' && init.scale === 1e-10,
  );
  t.true(tiny.every(({ name }) => /(conv2|proj_out|conv_out)\/W$/.test(name)));
  t.is(tiny.length, 2 + 4 * (2 + 3) + 2 + 3 + 1 + 1, 'each block, each attention, and the head');
});

test('values fill the interval, and kernels differ from each other', (t) => {
  const flat = initParams([spec([3, 3, 16, 16]), spec([3, 3, 16, 16])], 0);
  const limit = uniformLimit([3, 3, 16, 16], { kind: 'fanAvgUniform', scale: 1 });
  const first = flat.subarray(0, 2304);
  t.true(Math.max(...first) <= limit && Math.max(...first) > 0.99 * limit);
  t.true(Math.min(...first) >= -limit && Math.min(...first) < -0.99 * limit);
  t.true(Math.abs(first.reduce((sum, value) => sum + value, 0) / 2304) < 0.05 * limit);
  t.notDeepEqual(first, flat.subarray(2304));
});

test('the seed decides, and 0 is a seed like any other', (t) => {
  const specs = unetParams(TINY);
  const zero = initParams(specs, 0);
  t.is(zero.length, parameterCount(TINY));
  t.deepEqual(initParams(specs, 0), zero);
  t.notDeepEqual(initParams(specs, 1), zero);
});

test('norms start at the identity and biases at zero', (t) => {
  const specs = unetParams(TINY);
  const flat = initParams(specs, 3);
  let offset = 0;
  for (const { name, shape } of specs) {
    const size = shape.reduce((product, n) => product * n, 1);
    const values = flat.subarray(offset, offset + size);
    if (name.endsWith('/gamma'))
      t.true(
        values.every((value) => value === 1),
        name,
      );
    if (name.endsWith('/beta') || name.endsWith('/b'))
      t.true(
        values.every((value) => value === 0),
        name,
      );
    offset += size;
  }
});

test('the variants start as their originals do', (t) => {
  const improved = new Map(
    unetParams({ ...TINY, kind: 'improved', numClasses: 3 }).map((entry) => [entry.name, entry.init]),
  );
  t.deepEqual(improved.get('conv_in/W'), { kind: 'fanInUniform', fanIn: 27 });
  t.deepEqual(improved.get('conv_in/b'), { kind: 'fanInUniform', fanIn: 27 });
  t.deepEqual(improved.get('conv_out/W'), { kind: 'zeros' });
  t.deepEqual(improved.get('label_emb/W'), { kind: 'normal', stddev: 1 });
  const table = { name: 'temb/table/W', shape: [4, 2], init: { kind: 'timeTable' as const } };
  const rows = initParams([table], 0);
  [0, 1, 2, 3].forEach((step) => {
    t.is(rows[2 * step], Math.fround(Math.sin(step)));
    t.is(rows[2 * step + 1], Math.fround(Math.cos(step)));
  });
});
