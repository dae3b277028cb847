import test from 'ava';
import {
  emaName,
  firstState,
  mapState,
  sectionKey,
  sectionName,
  sectionsOf,
  stateOf,
  type SectionKey,
  type TrainState,
} from '../src/index.js';

const STATE: TrainState = {
  globalStep: 12,
  params: Float32Array.of(1, 2),
  optimizer: { m: Float32Array.of(3, 4), v: Float32Array.of(5, 6) },
  emas: [
    { decay: 0.99, values: Float32Array.of(8, 9) },
    { decay: 0.9999, values: Float32Array.of(10, 11) },
    { relativeStd: 0.05, values: Float32Array.of(12, 13) },
    { relativeStd: 0.1, values: Float32Array.of(14, 15) },
  ],
  derived: [
    { name: 'lossHistory.counts', values: Float32Array.of(7) },
    { name: 'lossHistory.losses', values: Float32Array.of(7, 8, 9) },
  ],
};

const NAMES = [
  'params',
  'optimizer.m',
  'optimizer.v',
  'derived-lossHistory.counts',
  'derived-lossHistory.losses',
  'ema-0.99',
  'ema-0.9999',
  'ema-std-0.05',
  'ema-std-0.1',
];

test('a state is its sections in one order, and comes back from them in any', (t) => {
  const sections = sectionsOf(STATE);
  t.deepEqual(
    sections.map(({ name }) => name),
    NAMES,
  );
  t.is(sections[0]!.values, STATE.params);
  t.deepEqual(stateOf(12, sections), STATE);
  t.deepEqual(stateOf(12, sections.toReversed()), STATE);
});

test('every name is read as what it was made of', (t) => {
  const keys: SectionKey[] = [
    { part: 'params' },
    { part: 'optimizer', moment: 'm' },
    { part: 'optimizer', moment: 'v' },
    { part: 'derived', name: 'ema-0.9' },
    { part: 'derived', name: '' },
    ...[0, 0.5, 0.9999, 1 - 2 ** -40, 1e-7, 1].map((decay) => ({ part: 'ema', decay }) as const),
    ...[0.05, 0.1, 1 / 3].map((relativeStd) => ({ part: 'ema', relativeStd }) as const),
  ];
  for (const key of keys) t.deepEqual(sectionKey(sectionName(key)), key);
  t.is(emaName({ decay: 0.9999 }), 'ema-0.9999');
  t.is(emaName({ relativeStd: 0.05 }), 'ema-std-0.05');
  for (const name of [
    '',
    'param',
    'optimizer.w',
    'ema-',
    'ema-x',
    'ema-0.50',
    'ema-0x1',
    'ema-std-',
    'ema-std-0.10',
    'Derived-a',
  ])
    t.is(sectionKey(name), undefined, name);
});

test('what is no whole state is refused by name', (t) => {
  const sections = sectionsOf(STATE);
  for (const missing of NAMES.slice(0, 3)) {
    const others = sections.filter(({ name }) => name !== missing);
    t.throws(() => stateOf(1, others), {
      instanceOf: RangeError,
      message: `the state has no section ${missing}`,
    });
  }
  t.throws(() => stateOf(1, [...sections, sections[0]!]), { message: /twice/ });
  const stray = { name: 'ema-one', values: Float32Array.of(1) };
  t.throws(() => stateOf(1, [...sections, stray]), { message: 'there is no section ema-one' });
});

test('a state is mapped section by section, in order', (t) => {
  const seen: string[] = [];
  const doubled = mapState(STATE, ({ name, values }) => {
    seen.push(name);
    return values.map((value) => 2 * value);
  });
  t.deepEqual(seen, NAMES);
  t.is(doubled.globalStep, 12);
  t.deepEqual(doubled.emas[1], { decay: 0.9999, values: Float32Array.of(20, 22) });
  t.deepEqual(STATE.params, Float32Array.of(1, 2));
});

test('step 0: zero moments, and averages that are copies of the parameters', (t) => {
  const params = Float32Array.of(1, -2);
  const state = firstState(params, [
    { relativeStd: 0.1 },
    { decay: 0.9999 },
    { relativeStd: 0.05 },
    { decay: 0.99 },
  ]);
  t.deepEqual(state.emas.map(emaName), ['ema-0.99', 'ema-0.9999', 'ema-std-0.05', 'ema-std-0.1']);
  t.deepEqual(state.optimizer, { m: new Float32Array(2), v: new Float32Array(2) });
  for (const { values } of state.emas) {
    t.deepEqual(values, params);
    t.not(values.buffer, params.buffer);
  }
});
