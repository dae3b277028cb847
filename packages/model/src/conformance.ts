import type { UNetConfig } from './config.js';
import { unetParams } from './params.js';

/** A UNet with closed-form weights and inputs, and what an independent float64 implementation makes of it. */
export interface GoldenUNet {
  readonly config: {
    readonly image_size: number;
    readonly in_channels: number;
    readonly ch: number;
    readonly mult: number[];
    readonly num_res_blocks: number;
    readonly attn: number[];
    readonly groups: number;
    readonly dropout: number;
    /** The rest only where the UNet is a variant. */
    readonly kind?: UNetConfig['kind'];
    readonly out_channels?: number;
    readonly resamp_with_conv?: boolean;
    readonly num_classes?: number;
    readonly num_heads?: number;
    readonly num_head_channels?: number;
    readonly scale_shift?: boolean;
    readonly resblock_updown?: boolean;
    readonly num_timesteps?: number;
  };
  readonly t: number[];
  readonly labels?: number[] | null;
  readonly parameter_count: number;
  readonly output: { sum: number; sum_of_squares: number; first8: number[]; last8: number[] };
  readonly loss_per_image: number[];
  readonly parameters: Record<string, { shape: number[]; grad_norm: number; grad_first3: number[] }>;
}

/** What somebody who runs the UNet has to compute with. */
export interface GoldenProblem {
  readonly config: UNetConfig;
  /** [B, H, W, inChannels] */
  readonly shape: [number, number, number, number];
  readonly x: Float32Array;
  /** Like the output: the loss of an image is the mean of (target - output)^2. */
  readonly target: Float32Array;
  readonly t: Int32Array | Float32Array;
  readonly labels?: Int32Array;
  /** By name, in layout order. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** What they computed. `grads`: of the mean loss over images. */
export interface GoldenRun {
  readonly output: Float32Array;
  readonly lossPerImage: Float32Array;
  readonly grads: ReadonlyMap<string, Float32Array>;
}

export function goldenConfig({ config }: GoldenUNet): UNetConfig {
  return {
    kind: config.kind ?? 'ho',
    imageSize: config.image_size,
    inChannels: config.in_channels,
    outChannels: config.out_channels ?? config.in_channels,
    ch: config.ch,
    chMult: config.mult,
    numResBlocks: config.num_res_blocks,
    attnResolutions: config.attn,
    dropout: config.dropout,
    numGroups: config.groups,
    resampWithConv: config.resamp_with_conv ?? true,
    numClasses: config.num_classes ?? 0,
    numHeads: config.num_heads ?? 1,
    numHeadChannels: config.num_head_channels ?? 0,
    useScaleShiftNorm: config.scale_shift ?? false,
    resblockUpdown: config.resblock_updown ?? false,
    ...(config.num_timesteps && { numTimesteps: config.num_timesteps }),
  };
}

export function goldenProblem(golden: GoldenUNet): GoldenProblem {
  const config = goldenConfig(golden);
  const { imageSize, inChannels, outChannels } = config;
  const pixels = golden.t.length * imageSize ** 2;
  const noise = (pixel: number, channel: number): number =>
    Math.cos(0.53 * (pixel * inChannels + channel + 1));
  return {
    config,
    shape: [golden.t.length, imageSize, imageSize, inChannels],
    x: Float32Array.from({ length: pixels * inChannels }, (_, i) => Math.sin(0.37 * (i + 1))),
    // With a learned variance both halves of the output are held to the noise.
    target: Float32Array.from({ length: pixels * outChannels }, (_, i) => {
      return noise(Math.floor(i / outChannels), (i % outChannels) % inChannels);
    }),
    t: golden.t.every(Number.isInteger) ? Int32Array.from(golden.t) : Float32Array.from(golden.t),
    ...(golden.labels && { labels: Int32Array.from(golden.labels) }),
    weights: new Map(unetParams(config).map(({ name, shape }) => [name, closedForm(name, shape)])),
  };
}

/**
 * What is wrong with a run: empty when it is right to the tolerances of float32.
 * @param slack factor of the tolerances. The case of 12x12 multiplies errors of its first convolutions by up to 2000
 *   on the way to some gradients, so that libraries that round differently come close to them.
 */
export function goldenDeviations(golden: GoldenUNet, run: GoldenRun, slack = 1): string[] {
  const found: string[] = [];
  const check = (what: string, actual: number, expected: number, tolerance: number): void => {
    if (!(Math.abs(actual - expected) <= slack * tolerance))
      found.push(`${what}: ${actual} in place of ${expected}`);
  };
  checkOutput(golden, run, check);
  const largest = Math.max(...Object.values(golden.parameters).map(({ grad_norm }) => grad_norm));
  for (const [name, { grad_norm, grad_first3 }] of Object.entries(golden.parameters)) {
    const grad = run.grads.get(name) ?? new Float32Array(0);
    // Gradients that are zero in theory are rounding errors of the others.
    const tolerance = 1e-3 * Math.max(grad_norm, 1e-4 * largest);
    check(`norm of d ${name}`, norm(grad), grad_norm, tolerance);
    grad_first3.forEach((value, i) => check(`d ${name}[${i}]`, grad[i]!, value, tolerance));
  }
  return found;
}

type Check = (what: string, actual: number, expected: number, tolerance: number) => void;

function checkOutput(
  { output: golden, loss_per_image }: GoldenUNet,
  { output, lossPerImage }: GoldenRun,
  check: Check,
): void {
  const expectedNorm = Math.sqrt(golden.sum_of_squares);
  const rms = expectedNorm / Math.sqrt(output.length);
  golden.first8.forEach((value, i) => check(`output[${i}]`, output[i]!, value, 1e-4 * rms));
  golden.last8.forEach((value, i) => check(`output[-${8 - i}]`, output.at(i - 8)!, value, 1e-4 * rms));
  const sum = output.reduce((total, value) => total + value, 0);
  check('sum of the output', sum, golden.sum, 1e-4 * expectedNorm);
  check('norm of the output', norm(output), expectedNorm, 1e-4 * expectedNorm);
  loss_per_image.forEach((loss, i) => check(`loss of image ${i}`, lossPerImage[i]!, loss, 1e-4 * loss));
}

function closedForm(name: string, shape: readonly number[]): Float32Array {
  const product = (sizes: readonly number[]): number => sizes.reduce((size, n) => size * n, 1);
  let codes = 0;
  for (const char of name) codes += char.charCodeAt(0);
  const phase = (codes % 1000) / 37;
  const scale = Math.sqrt(6 / (product(shape.slice(0, -2)) * (shape.at(-2)! + shape.at(-1)!)));
  return Float32Array.from({ length: product(shape) }, (_, i) => {
    const wave = Math.sin(0.7 * (i + 1) + phase);
    if (name.endsWith('/W')) return scale * wave;
    return name.endsWith('/gamma') ? 1 + 0.1 * wave : 0.1 * wave;
  });
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
