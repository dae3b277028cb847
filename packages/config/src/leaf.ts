/** One setting. `role` says whether it is part of the run's identity or of its operation. */
export interface Leaf {
  readonly role: 'identity' | 'operational';
  readonly doc: string;
  /** Name of a format, or the list of values allowed. */
  readonly format: string | readonly string[];
  readonly default: unknown;
  /** Runs that began before there was the setting have the default, and an identity without it. */
  readonly isLater?: true;
}

/** A setting that shapes the weights: another value is another run. */
export function identity(value: unknown, format: Leaf['format'], doc: string): Leaf {
  return { role: 'identity', doc, format: choice(value, format), default: value };
}

/** One that came later: at its default it is no part of an identity. */
export function laterIdentity(value: unknown, format: Leaf['format'], doc: string): Leaf {
  return { ...identity(value, format, doc), isLater: true };
}

/** A setting that does not: it may change from one start of the run to the next. */
export function operational(value: unknown, format: Leaf['format'], doc: string): Leaf {
  return { role: 'operational', doc, format: choice(value, format), default: value };
}

function choice(value: unknown, format: Leaf['format']): Leaf['format'] {
  return typeof format !== 'string' && typeof value === 'number' ? `oneOf:${format.join(',')}` : format;
}
