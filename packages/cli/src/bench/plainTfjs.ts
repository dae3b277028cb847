import * as tf from '@tensorflow/tfjs-core';

/** What `plainStep` trains: the UNet of Ho et al. with two residual blocks a resolution. */
export interface PlainUNet {
  readonly channels: number;
  readonly chMult: readonly number[];
  readonly size: number;
  readonly imageChannels: number;
  readonly batch: number;
}

const GROUPS = 32;
const DROPOUT = 0.1;
const BLOCKS = 2;
const DECAY = 0.9999;

type Variables = (name: string, shape: number[], start?: 'zeros' | 'ones') => tf.Variable;
type Features = tf.Tensor4D;

/**
 * The training step as one writes it with tfjs alone, from its public functions: GroupNorm from moments, tf.dropout,
 * tf.randomNormal, autodiff for the rest, tf.train.adam. The rival that users of tfjs have, and the counterpart of
 * test/bench/peers/torch_unet_step.py.
 */
export function plainStep(unet: PlainUNet): () => void {
  const { batch, size, imageChannels, channels } = unet;
  const variables = new Map<string, tf.Variable>();
  const get: Variables = (name, shape, start) => {
    if (!variables.has(name)) variables.set(name, created(name, shape, start));
    return variables.get(name)!;
  };
  const images = tf.randomUniform<tf.Rank.R4>([batch, size, size, imageChannels], -1, 1);
  tf.tidy(() => void predict(get, unet, images, sinusoid(tf.zeros([batch]), channels)));
  const list = [...variables.values()];
  const averages = list.map((value) => tf.variable(tf.clone(value), false));
  const adam = tf.train.adam(2e-4);
  return () => {
    const { value, grads } = tf.variableGrads(() => loss(get, unet, images), list);
    tf.tidy(() => adam.applyGradients(clipped(grads)));
    tf.tidy(() =>
      averages.forEach((average, i) =>
        average.assign(tf.add(tf.mul(average, DECAY), tf.mul(list[i]!, 1 - DECAY))),
      ),
    );
    value.dataSync();
    tf.dispose([value, grads]);
  };
}

function created(name: string, shape: number[], start?: 'zeros' | 'ones'): tf.Variable {
  const fan = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  const values = start ? tf[start](shape) : tf.randomNormal(shape, 0, Math.sqrt(1 / fan));
  return tf.variable(values, true, name);
}

function loss(get: Variables, unet: PlainUNet, x0: Features): tf.Scalar {
  const t = tf.floor(tf.randomUniform([unet.batch], 0, 1000));
  const signal = tf.reshape(tf.cos(tf.mul(t, Math.PI / 2000)), [unet.batch, 1, 1, 1]);
  const eps = tf.randomNormal<tf.Rank.R4>(x0.shape);
  const noise = tf.sqrt(tf.sub(1, tf.square(signal)));
  const xt = tf.add<Features>(tf.mul(x0, signal), tf.mul(eps, noise));
  return tf.mean(tf.squaredDifference(predict(get, unet, xt, sinusoid(t, unet.channels)), eps));
}

function clipped(grads: tf.NamedTensorMap): { name: string; tensor: tf.Tensor }[] {
  const norm = tf.sqrt(tf.addN(Object.values(grads).map((grad) => tf.sum(tf.square(grad)))));
  const scale = tf.minimum(1, tf.div(1, norm));
  return Object.entries(grads).map(([name, grad]) => ({ name, tensor: tf.mul(grad, scale) }));
}

function sinusoid(t: tf.Tensor, channels: number): tf.Tensor2D {
  const half = channels / 2;
  const frequencies = tf.exp(tf.mul(tf.range(0, half), -Math.log(10_000) / (half - 1)));
  const angles = tf.mul(tf.reshape(t, [-1, 1]), tf.reshape(frequencies, [1, half]));
  return tf.concat([tf.sin(angles), tf.cos(angles)], 1) as tf.Tensor2D;
}

function predict(get: Variables, unet: PlainUNet, x: Features, embedded: tf.Tensor2D): Features {
  const { channels, chMult, size } = unet;
  const time = dense(get, 't2', silu(dense(get, 't1', embedded, channels * 4)), channels * 4);
  const attended = (name: string, h: Features) => (h.shape[1] === size / 2 ? attention(get, name, h) : h);
  let h = conv(get, 'in', x, channels);
  const skips = [h];
  chMult.forEach((mult, level) => {
    for (let block = 0; block < BLOCKS; block++) {
      const name = `down${level}.${block}`;
      h = attended(`${name}.attn`, residual(get, name, h, time, channels * mult));
      skips.push(h);
    }
    if (level < chMult.length - 1) skips.push((h = conv(get, `down${level}`, h, channels * mult, 3, 2)));
  });
  const deepest = channels * chMult.at(-1)!;
  h = attention(get, 'middle.attn', residual(get, 'middle.1', h, time, deepest));
  h = residual(get, 'middle.2', h, time, deepest);
  for (let level = chMult.length - 1; level >= 0; level--) {
    const width = channels * chMult[level]!;
    for (let block = 0; block <= BLOCKS; block++) {
      const name = `up${level}.${block}`;
      h = attended(
        `${name}.attn`,
        residual(get, name, tf.concat<Features>([h, skips.pop()!], 3), time, width),
      );
    }
    if (level > 0) h = conv(get, `up${level}`, doubled(h), width);
  }
  return conv(get, 'out', silu(groupNorm(get, 'out.norm', h)), unet.imageChannels);
}

function residual(get: Variables, name: string, x: Features, time: tf.Tensor2D, width: number): Features {
  let h = conv(get, `${name}.conv1`, silu(groupNorm(get, `${name}.norm1`, x)), width);
  h = tf.add(h, tf.reshape(dense(get, `${name}.time`, silu(time), width), [-1, 1, 1, width]));
  h = tf.dropout(silu(groupNorm(get, `${name}.norm2`, h)), DROPOUT) as Features;
  h = conv(get, `${name}.conv2`, h, width);
  return tf.add(x.shape[3] === width ? x : conv(get, `${name}.skip`, x, width, 1), h);
}

function attention(get: Variables, name: string, x: Features): Features {
  const [batch, height, width, channels] = x.shape;
  const normed = groupNorm(get, `${name}.norm`, x);
  const [q, k, v] = ['q', 'k', 'v'].map((part) =>
    tf.reshape(conv(get, `${name}.${part}`, normed, channels, 1), [batch, height * width, channels]),
  ) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
  const weights = tf.softmax<tf.Tensor3D>(tf.mul(tf.matMul(q, k, false, true), channels ** -0.5));
  const h = tf.reshape<tf.Rank.R4>(tf.matMul(weights, v), x.shape);
  return tf.add(x, conv(get, `${name}.out`, h, channels, 1));
}

function groupNorm(get: Variables, name: string, x: Features): Features {
  const [batch, height, width, channels] = x.shape;
  const grouped = tf.reshape(x, [batch, height * width, GROUPS, channels / GROUPS]);
  const { mean, variance } = tf.moments(grouped, [1, 3], true);
  const normed = tf.reshape<tf.Rank.R4>(
    tf.mul(tf.sub(grouped, mean), tf.rsqrt(tf.add(variance, 1e-6))),
    x.shape,
  );
  return tf.add(
    tf.mul(normed, get(`${name}.gain`, [channels], 'ones')),
    get(`${name}.bias`, [channels], 'zeros'),
  );
}

function silu<T extends tf.Tensor>(x: T): T {
  return tf.mul(x, tf.sigmoid(x));
}

function doubled(x: Features): Features {
  return tf.image.resizeNearestNeighbor(x, [x.shape[1] * 2, x.shape[2] * 2]);
}

function conv(get: Variables, name: string, x: Features, width: number, extent = 3, stride = 1): Features {
  const kernel = get(`${name}.kernel`, [extent, extent, x.shape[3], width]) as unknown as tf.Tensor4D;
  return tf.add(tf.conv2d<Features>(x, kernel, stride, 'same'), get(`${name}.bias`, [width], 'zeros'));
}

function dense(get: Variables, name: string, x: tf.Tensor2D, width: number): tf.Tensor2D {
  const kernel = get(`${name}.kernel`, [x.shape[1], width]) as unknown as tf.Tensor2D;
  return tf.add(tf.matMul(x, kernel), get(`${name}.bias`, [width], 'zeros'));
}
