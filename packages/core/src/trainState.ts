/** Everything that training changes, as flat float32 buffers; those of the parameters' size are in layout order. */
export interface TrainState {
  /** Committed optimizer steps. */
  readonly globalStep: number;
  readonly params: Float32Array;
  readonly optimizer: { readonly m: Float32Array; readonly v: Float32Array };
  /** Ascending by decay. */
  readonly emas: readonly Ema[];
  /** What depends on earlier losses (the history of importance-sampled t, say), ascending by name. */
  readonly derived: readonly Derived[];
}

/** An average of the parameters. */
export interface Ema {
  readonly decay: number;
  readonly values: Float32Array;
}

export interface Derived {
  readonly name: string;
  readonly values: Float32Array;
}

/** What one buffer of a state is. */
export type SectionKey =
  | { readonly part: 'params' }
  | { readonly part: 'optimizer'; readonly moment: 'm' | 'v' }
  | { readonly part: 'derived'; readonly name: string }
  | { readonly part: 'ema'; readonly decay: number };

/** One buffer of a state under its name. */
export interface Section {
  readonly key: SectionKey;
  readonly name: string;
  readonly values: Float32Array;
}

const DERIVED = 'derived-';
const EMA = 'ema-';

/** `ema-0.9999`: how the average of that decay is called wherever it has a name. */
export function emaName(decay: number): string {
  return `${EMA}${decay}`;
}

/** `params`, `optimizer.m`, `optimizer.v`, `derived-<name>`, `ema-<decay>`. */
export function sectionName(key: SectionKey): string {
  switch (key.part) {
    case 'params':
      return 'params';
    case 'optimizer':
      return `optimizer.${key.moment}`;
    case 'derived':
      return `${DERIVED}${key.name}`;
    case 'ema':
      return emaName(key.decay);
  }
}

/** What `sectionName` called so; undefined for a name that it gives nothing. */
export function sectionKey(name: string): SectionKey | undefined {
  const key = readKey(name);
  return key && sectionName(key) === name ? key : undefined;
}

function readKey(name: string): SectionKey | undefined {
  if (name === 'params') return { part: 'params' };
  if (name === 'optimizer.m') return { part: 'optimizer', moment: 'm' };
  if (name === 'optimizer.v') return { part: 'optimizer', moment: 'v' };
  if (name.startsWith(DERIVED)) return { part: 'derived', name: name.slice(DERIVED.length) };
  if (name.startsWith(EMA)) return { part: 'ema', decay: Number(name.slice(EMA.length)) };
  return undefined;
}

/**
 * Every buffer of a state, in the one order that digests, fingerprints and transfers know: parameters, moments, derived
 * state by name, EMAs by ascending decay. Buffers are shared, not copied.
 */
export function sectionsOf({ params, optimizer, derived, emas }: Omit<TrainState, 'globalStep'>): Section[] {
  const section = (key: SectionKey, values: Float32Array): Section => {
    return { key, name: sectionName(key), values };
  };
  return [
    section({ part: 'params' }, params),
    section({ part: 'optimizer', moment: 'm' }, optimizer.m),
    section({ part: 'optimizer', moment: 'v' }, optimizer.v),
    ...derived.map(({ name, values }) => section({ part: 'derived', name }, values)),
    ...emas.map(({ decay, values }) => section({ part: 'ema', decay }, values)),
  ];
}

/**
 * The state whose buffers these are, in whatever order; `sectionsOf` turned round.
 * @throws RangeError for a name that no section has or that comes twice, and where parameters or a moment are missing
 */
export function stateOf(
  globalStep: number,
  sections: readonly { readonly name: string; readonly values: Float32Array }[],
): TrainState {
  const named = new Map(sections.map(({ name, values }) => [name, values]));
  if (named.size < sections.length) throw new RangeError('the state has a section twice');
  const keys = [...named.keys()].map((name) => {
    const key = sectionKey(name);
    if (!key) throw new RangeError(`there is no section ${name}`);
    return key;
  });
  const at = (key: SectionKey): Float32Array => {
    const values = named.get(sectionName(key));
    if (!values) throw new RangeError(`the state has no section ${sectionName(key)}`);
    return values;
  };
  const derived = keys.filter((key) => key.part === 'derived').map((key) => key.name);
  const decays = keys.filter((key) => key.part === 'ema').map((key) => key.decay);
  return {
    globalStep,
    params: at({ part: 'params' }),
    optimizer: { m: at({ part: 'optimizer', moment: 'm' }), v: at({ part: 'optimizer', moment: 'v' }) },
    emas: decays.toSorted((a, b) => a - b).map((decay) => ({ decay, values: at({ part: 'ema', decay }) })),
    derived: derived.toSorted().map((name) => ({ name, values: at({ part: 'derived', name }) })),
  };
}

/** The state with other buffers; `change` is called in the order of `sectionsOf`. */
export function mapState(state: TrainState, change: (section: Section) => Float32Array): TrainState {
  const sections = sectionsOf(state).map((section) => ({ name: section.name, values: change(section) }));
  return stateOf(state.globalStep, sections);
}

/** The state of step 0: moments are zero, and every average starts from the parameters. */
export function firstState(
  params: Float32Array,
  decays: readonly number[],
  derived: readonly Derived[] = [],
): TrainState {
  const zeros = (): Float32Array => new Float32Array(params.length);
  const emas = decays.toSorted((a, b) => a - b).map((decay) => ({ decay, values: params.slice() }));
  return { globalStep: 0, params, optimizer: { m: zeros(), v: zeros() }, emas, derived };
}
