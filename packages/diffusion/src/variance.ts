import { extract, type Arithmetic } from './arithmetic/arithmetic.js';
import type { ModelVarType } from './config.js';
import type { Gaussian } from './normal.js';
import type { DiffusionTables } from './schedule/tables.js';

/** What the variance of a reverse step depends on, besides the network. */
interface VarianceOf<T> {
  readonly arithmetic: Arithmetic<T>;
  readonly tables: DiffusionTables;
  readonly options: { readonly modelVarType: ModelVarType };
}

/**
 * The variance of p(x_{t-1} | x_t), by the model's type of it.
 * @param values the second half of the output's channels, for the learned types
 * @param like an image batch to broadcast against
 */
export function modelVariance<T>(
  { arithmetic, tables, options }: VarianceOf<T>,
  values: T | undefined,
  t: T,
  like: T,
): Pick<Gaussian<T>, 'variance' | 'logVariance'> {
  const { exp, mul, sub, add, affine } = arithmetic;
  const at = (table: Float64Array) => extract(arithmetic, table, t, like);
  switch (options.modelVarType) {
    case 'fixedSmall':
      return { variance: at(tables.posteriorVariance), logVariance: at(tables.posteriorLogVarianceClipped) };
    case 'fixedLarge':
      return { variance: at(tables.betas), logVariance: at(tables.fixedLargeLogVariance) };
    case 'learned':
      return { variance: exp(values!), logVariance: values! };
    case 'learnedRange': {
      const small = at(tables.posteriorLogVarianceClipped);
      const range = sub(at(tables.betas.map(Math.log)), small);
      const logVariance = add(mul(affine(values!, 0.5, 0.5), range), small);
      return { variance: exp(logVariance), logVariance };
    }
  }
}
