/** Everything that training changes, as flat float32 buffers; those of the parameters' size are in layout order. */
export interface TrainState {
  /** Committed optimizer steps. */
  readonly globalStep: number;
  readonly params: Float32Array;
  readonly optimizer: { readonly m: Float32Array; readonly v: Float32Array };
  /** In the order of `compareProfiles`. */
  readonly emas: readonly Ema[];
  /** What depends on earlier losses (the history of importance-sampled t, say), ascending by name. */
  readonly derived: readonly Derived[];
}

/**
 * What an average weighs the parameters of earlier steps by: exponentially, or by a power of the step (Karras et al.
 * 2024, section 3), which is said by the standard deviation of that weight in units of the steps so far.
 */
export type EmaProfile =
  | { readonly decay: number; readonly relativeStd?: undefined }
  | { readonly relativeStd: number; readonly decay?: undefined };

/** An average of the parameters. */
export type Ema = EmaProfile & { readonly values: Float32Array };

export interface Derived {
  readonly name: string;
  readonly values: Float32Array;
}

/** What one buffer of a state is. */
export type SectionKey =
  | { readonly part: 'params' }
  | { readonly part: 'optimizer'; readonly moment: 'm' | 'v' }
  | { readonly part: 'derived'; readonly name: string }
  | ({ readonly part: 'ema' } & EmaProfile);

/** One buffer of a state under its name. */
export interface Section {
  readonly key: SectionKey;
  readonly name: string;
  readonly values: Float32Array;
}

const DERIVED = 'derived-';
const EMA = 'ema-';
const POWER = 'ema-std-';

/** `ema-0.9999`, `ema-std-0.1`: how an average is called wherever it has a name. */
export function emaName(profile: EmaProfile): string {
  return profile.decay === undefined ? `${POWER}${profile.relativeStd}` : `${EMA}${profile.decay}`;
}

/** The profile that `emaName` called so; undefined for any other name. */
export function emaProfile(name: string): EmaProfile | undefined {
  const profile = name.startsWith(POWER)
    ? { relativeStd: Number(name.slice(POWER.length)) }
    : { decay: Number(name.slice(EMA.length)) };
  return emaName(profile) === name ? profile : undefined;
}

/** The one order of averages: exponential ones by decay, then power ones by width, both ascending. */
export function compareProfiles(a: EmaProfile, b: EmaProfile): number {
  if (a.decay !== undefined && b.decay !== undefined) return a.decay - b.decay;
  if (a.relativeStd !== undefined && b.relativeStd !== undefined) return a.relativeStd - b.relativeStd;
  return a.decay === undefined ? 1 : -1;
}

/** An average's profile without its values. */
export function profileOf({ decay, relativeStd }: EmaProfile): EmaProfile {
  return decay === undefined ? { relativeStd } : { decay };
}

/** `params`, `optimizer.m`, `optimizer.v`, `derived-<name>`, `ema-<decay>`, `ema-std-<relativeStd>`. */
export function sectionName(key: SectionKey): string {
  switch (key.part) {
    case 'params':
      return 'params';
    case 'optimizer':
      return `optimizer.${key.moment}`;
    case 'derived':
      return `${DERIVED}${key.name}`;
    case 'ema':
      return emaName(key);
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
  const profile = name.startsWith(EMA) ? emaProfile(name) : undefined;
  if (profile) return { part: 'ema', ...profile };
  return undefined;
}

/**
 * Every buffer of a state, in the one order that digests, fingerprints and transfers know: parameters, moments, derived
 * state by name, EMAs as `compareProfiles` orders them. Buffers are shared, not copied.
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
    ...emas.map((ema) => section({ part: 'ema', ...profileOf(ema) }, ema.values)),
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
  const emas = keys.filter((key) => key.part === 'ema').toSorted(compareProfiles);
  return {
    globalStep,
    params: at({ part: 'params' }),
    optimizer: { m: at({ part: 'optimizer', moment: 'm' }), v: at({ part: 'optimizer', moment: 'v' }) },
    emas: emas.map((key) => ({ ...profileOf(key), values: at(key) })),
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
  profiles: readonly EmaProfile[],
  derived: readonly Derived[] = [],
): TrainState {
  const zeros = (): Float32Array => new Float32Array(params.length);
  const emas = profiles.toSorted(compareProfiles).map((profile) => ({ ...profile, values: params.slice() }));
  return { globalStep: 0, params, optimizer: { m: zeros(), v: zeros() }, emas, derived };
}
