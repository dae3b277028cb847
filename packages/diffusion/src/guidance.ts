import { perImage, type Arithmetic } from './arithmetic/arithmetic.js';

export interface Guidance<T> {
  /** The model's output with the label [B, H, W, C] (or 2C), and with the null label. */
  readonly conditional: T;
  readonly unconditional: T;
  /** [1]: 0 unconditional, 1 conditional, above it guided; 1 + w of Ho and Salimans 2022, eq. 6. */
  readonly scale: T;
  /** [1] in [0, 1]: how far the guided output is brought back to the conditional one's standard deviation. */
  readonly rescale?: T;
  /** Channels of an image: what is beyond them is the variance, which is not guided. */
  readonly channels: number;
}

/**
 * Classifier-free guidance (Ho and Salimans 2022), with the rescaling of Lin et al. 2023 (eqs. 15 and 16). Half a
 * batch with labels dropped is the model run twice; drop labels an image at a time while training.
 */
export function guidedOutput<T>(arithmetic: Arithmetic<T>, guidance: Guidance<T>): T {
  const { add, sub, mul, affine, halves, join, shape } = arithmetic;
  const { conditional, unconditional, scale, rescale, channels } = guidance;
  if (shape(conditional).at(-1) !== channels) {
    const [mean, values] = halves(conditional);
    const [nullMean] = halves(unconditional);
    return join(
      guidedOutput(arithmetic, { ...guidance, conditional: mean, unconditional: nullMean }),
      values,
    );
  }
  const guided = add(unconditional, mul(scale, sub(conditional, unconditional)));
  if (rescale === undefined) return guided;
  const ratio = arithmetic.div(deviation(arithmetic, conditional), deviation(arithmetic, guided));
  const factor = affine(mul(rescale, affine(ratio, 1, -1)), 1, 1);
  return mul(guided, perImage(arithmetic, factor, guided));
}

/** Standard deviation of each image's values: [B]. */
function deviation<T>(arithmetic: Arithmetic<T>, a: T): T {
  const { sub, mul, mean, sqrt } = arithmetic;
  const centered = sub(a, perImage(arithmetic, mean(a), a));
  return sqrt(mean(mul(centered, centered)));
}
