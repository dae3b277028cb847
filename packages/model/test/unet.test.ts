import { readdirSync, readFileSync } from 'node:fs';
import { makeLayout } from '@ddpm-fleet/core';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import {
  initParams,
  joinParams,
  parameterCount,
  splitParams,
  unet,
  unetParams,
  type UNetConfig,
  type UNetOptions,
} from '../src/index.js';
import { planUNet } from '../src/stages.js';
import { cpuBackend, relativeError } from './support/backend.js';
import { CIFAR, TINY } from './support/configs.js';

test.before(cpuBackend);

/** x of one shape for all configurations; every parameter from `initParams`, plus 0.02 so that nothing is zero. */
function apply(
  config: UNetConfig,
  t: number[],
  options: UNetOptions = {},
  x = input(config, t.length),
  edit: (name: string, value: tf.Tensor) => tf.Tensor = (_, value) => value,
): Float32Array {
  const specs = unetParams(config);
  const params = splitParams(tf.add(tf.tensor1d(initParams(specs, 1)), 0.02), makeLayout(specs));
  const read = (name: string): tf.Tensor => edit(name, params.get(name)!);
  return unet(config, read, x, tf.tensor1d(t, 'int32'), options).dataSync<'float32'>();
}

function input({ imageSize, inChannels }: UNetConfig, images: number): tf.Tensor4D {
  const size = images * imageSize * imageSize * inChannels;
  return tf.tensor4d(
    Float32Array.from({ length: size }, (_, i) => Math.sin(0.37 * (i + 1))),
    [images, imageSize, imageSize, inChannels],
  );
}

test('the CIFAR-10 UNet of Ho et al. has 35,746,307 parameters; a learned variance adds 3,459', (t) => {
  t.is(parameterCount(CIFAR), 35_746_307);
  t.is(parameterCount({ ...CIFAR, outChannels: 6 }), 35_746_307 + 3_459);
});

test('the variants have as many parameters as the models that they follow', (t) => {
  const improved = {
    numHeads: 4,
    useScaleShiftNorm: true,
    numResBlocks: 3,
    attnResolutions: [16, 8],
    outChannels: 6,
  };
  t.is(parameterCount({ ...CIFAR, kind: 'improved', ...improved }), 52_546_438);
  t.is(
    parameterCount({ ...CIFAR, kind: 'zoubohao', chMult: [1, 2, 3, 4], attnResolutions: [8] }),
    82_958_979,
  );
  // Without the row of the null label, which stays zero.
  const conditional = { numClasses: 10, numTimesteps: 500 };
  t.is(parameterCount({ ...CIFAR, kind: 'zoubohao-conditional', ...conditional }), 47_700_483);
});

test('trap 18: twelve skips, [h, skip] in that order, the input and the downsampled ones among them', (t) => {
  const stages = planUNet(CIFAR);
  t.is(stages.filter(({ op }) => op === 'push').length, 12);
  const pops = stages.filter((stage) => stage.op === 'pop');
  t.deepEqual(
    pops.map(({ inCh, skipCh }) => [inCh, skipCh]),
    [
      [256, 256],
      [256, 256],
      [256, 256],
      [256, 256],
      [256, 256],
      [256, 256],
      [256, 256],
      [256, 256],
      [256, 128],
      [256, 128],
      [128, 128],
      [128, 128],
    ],
  );
  const block = stages.find((stage) => stage.op === 'resBlock' && stage.name === 'up_0/block_0');
  t.like(block, { inCh: 384, outCh: 128 });
});

test('trap 16: each block applies swish to temb once more', (t) => {
  const tembOf =
    (value: number) =>
    (name: string, tensor: tf.Tensor): tf.Tensor => {
      if (name === 'temb/dense1/W') return tf.zerosLike(tensor);
      return name === 'temb/dense1/b' ? tf.fill(tensor.shape, value) : tensor;
    };
  const x = input(TINY, 1);
  const zero = apply(TINY, [5], {}, x, tembOf(0));
  // swish(-100) is 0 to float32, swish(1) is not.
  t.true(relativeError(apply(TINY, [5], {}, x, tembOf(-100)), zero) < 1e-6);
  t.true(relativeError(apply(TINY, [5], {}, x, tembOf(1)), zero) > 1e-3);
});

test('flat parameters are split in layout order and joined again', (t) => {
  const specs = unetParams(TINY);
  const flat = initParams(specs, 1);
  const params = splitParams(tf.tensor1d(flat), makeLayout(specs));
  t.deepEqual(
    [...params.keys()],
    specs.map(({ name }) => name),
  );
  t.deepEqual(params.get('conv_in/W')!.shape, [3, 3, 3, 8]);
  t.deepEqual(joinParams([...params.values()]).dataSync(), flat);
});

test('trap 17: attention in the middle also where no level has it, and by feature size', (t) => {
  const names = (config: UNetConfig): string[] =>
    planUNet(config).flatMap((stage) => (stage.op === 'attention' ? [stage.name] : []));
  t.deepEqual(names({ ...TINY, attnResolutions: [] }), ['mid/attn_1']);
  t.deepEqual(names(CIFAR), [
    'down_1/attn_0',
    'down_1/attn_1',
    'mid/attn_1',
    'up_1/attn_0',
    'up_1/attn_1',
    'up_1/attn_2',
  ]);
  t.deepEqual(names({ ...TINY, kind: 'zoubohao-conditional' }), [
    'down_0/attn_0',
    'down_1/attn_0',
    'mid/attn_1',
  ]);
});

test('an image does not depend on the others of its batch', (t) => {
  const both = apply(TINY, [3, 500]);
  const x = input(TINY, 2);
  const second = apply(TINY, [500], {}, tf.slice(x, [1, 0, 0, 0], [1, -1, -1, -1]));
  both.subarray(both.length / 2).forEach((value, i) => t.true(Math.abs(value - second[i]!) < 1e-5));
});

test('dropout draws a mask a block, scales what it keeps, and is off without masks', (t) => {
  const config = { ...TINY, dropout: 0.5 };
  const shapes: number[][] = [];
  const draw =
    (value: number) =>
    (layer: number, shape: number[]): tf.Tensor => {
      shapes[layer] = shape;
      return tf.fill(shape, value);
    };
  const dropped = apply(config, [3], { dropoutMask: draw(0.49) });
  t.is(shapes.length, planUNet(config).filter(({ op }) => op === 'resBlock').length);
  t.deepEqual(shapes[0], [1, 8, 8, 8]);
  const kept = apply(config, [3], { dropoutMask: draw(0.5) });
  const off = apply(config, [3]);
  t.deepEqual(apply({ ...config, dropout: 0 }, [3], { dropoutMask: draw(0.49) }), off);
  t.notDeepEqual(dropped, off);
  t.notDeepEqual(kept, off, 'what is kept is doubled');
});

test('trap 38: the null label is per image, and its embedding adds nothing', (t) => {
  const config = { ...TINY, numClasses: 3 };
  const x = tf.tile(input(TINY, 1), [2, 1, 1, 1]);
  const labelled = apply(config, [7, 7], { label: tf.tensor1d([1, 3], 'int32') }, x);
  const image = labelled.length / 2;
  t.notDeepEqual(labelled.slice(0, image), labelled.slice(image));
  t.deepEqual(apply(config, [7], { label: tf.tensor1d([3], 'int32') }), labelled.slice(image));
  t.throws(() => apply(config, [7]), { message: /needs labels/ });
});

test('self-conditioning is more input channels, a learned variance more output channels (trap 37)', (t) => {
  const config = { ...TINY, inChannels: 6, outChannels: 6 };
  t.is(apply(config, [1]).length, 8 * 8 * 6);
  const shapes = new Map(unetParams(config).map(({ name, shape }) => [name, shape]));
  t.deepEqual(shapes.get('conv_in/W'), [3, 3, 6, 8]);
  t.deepEqual(shapes.get('conv_out/W'), [3, 3, 8, 6]);
});

test('inputs of another shape are refused', (t) => {
  t.throws(() => apply(TINY, [1], {}, tf.zeros([1, 4, 4, 3])), { message: /do not fit/ });
  t.throws(() => apply(TINY, [1, 2], {}, input(TINY, 1)), { message: /do not fit/ });
});

test('trap 36: nothing uses einsum, which has no gradient in tfjs', (t) => {
  const root = new URL('../../src/', import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  t.true(files.length > 8);
  for (const file of files) t.notRegex(readFileSync(new URL(file, root), 'utf8'), /einsum\(/, file);
});
