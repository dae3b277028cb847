import test from 'ava';
import { FrameKind, type ControlMessage, type MessageOf, type StateSection } from '@ddpm-fleet/protocol';
import {
  FRESH,
  initialState,
  step,
  type Effect,
  type MachineOptions,
  type Recovery,
} from '../../src/machine/index.js';

const SIZE = 100;
const hash = (digit: string) => digit.repeat(64);

const OPTIONS: MachineOptions = {
  ...{ runId: 'r', identityHash: hash('1'), datasetHash: hash('2'), layoutHash: hash('3') },
  ...{
    bucketSizes: [60, 40],
    maxAverages: 1,
    wireDtype: 'float32',
    numSlots: 4,
    slotBatchSize: 2,
    steps: 100,
  },
  ...{ onNonFinite: 'stop', maxNonFinite: 0, minWorkers: 2, maxWorkers: 8, allowUnlike: false },
  ...{ heartbeatMs: 1000, livenessMs: 5000, stragglerFactor: 3, graceMs: 1000, fingerprintEvery: 0 },
  ...{ heldOutEvery: 0, checkpointEverySteps: 0, checkpointEveryMs: 0, checkpointWriters: 0 },
  ...{ judgeCheckpoints: false, gatherMs: 0 },
};

/** A coordinator's machine that hears messages of workers which never wait. */
class Heard {
  readonly state;
  readonly effects: Effect[] = [];
  #now = 0;

  constructor(recovery: Partial<Recovery> = {}) {
    this.state = initialState(OPTIONS, { ...FRESH, ...recovery }, 0);
    this.take({ type: 'start' });
    this.take({ type: 'checkpointFound', checkpoint: null });
  }

  take(event: object): Effect[] {
    const { effects } = step(this.state, { ...event, now: ++this.#now } as never);
    this.effects.push(...effects);
    return effects;
  }

  say(peer: string, message: ControlMessage): Effect[] {
    return this.take({ type: 'message', peer, message });
  }

  frame(peer: string, header: object): Effect[] {
    return this.take({ type: 'frame', peer, header });
  }

  /** Whether it was refused. */
  hello(workerId: string, deviceKind = 'cpu'): boolean {
    const peer = `${workerId}.0`;
    this.say(peer, { type: 'JOIN', workerId, host: 'h', pid: 1 });
    this.frame(peer, { kind: FrameKind.attach, connection: 1 });
    const said = this.say(peer, helloOf(workerId, deviceKind));
    return rejected(said).length > 0;
  }

  ready(workerId: string): void {
    this.say(`${workerId}.0`, { type: 'READY', globalStep: 0, fingerprint: null });
  }

  get active(): string[] {
    return [...this.state.peers.values()].filter((one) => one.status === 'active').map((one) => one.workerId);
  }
}

function helloOf(workerId: string, deviceKind: string): MessageOf<'HELLO'> {
  return {
    ...{ type: 'HELLO', workerId, host: 'h', pid: 1, deviceKind, held: null, datasetSize: 8 },
    ...{ identityHash: hash('1'), datasetHash: hash('2'), layoutHash: hash('3') },
    layout: [{ name: 'w', shape: [SIZE] }],
    engine: { kind: 'wasm', version: '1', device: 'cpu', threads: 1 },
  } as MessageOf<'HELLO'>;
}

const rejected = (effects: readonly Effect[]) =>
  effects.flatMap((one) => (one.type === 'send' && one.message.type === 'REJECT' ? [one.message] : []));

function training(): Heard {
  const heard = new Heard();
  for (const id of ['a', 'b']) heard.hello(id);
  for (const id of ['a', 'b']) heard.ready(id);
  return heard;
}

const section = (name: string, count = SIZE): StateSection => ({ name, count });
const STATE = ['params', 'optimizer.m', 'optimizer.v', 'ema-0.9999'].map((name) => section(name));

const LIES: Readonly<Record<string, readonly StateSection[]>> = {
  'a section of 2^40 elements': [section('params', 2 ** 40), ...STATE.slice(1)],
  'derived state without end': [...STATE, section('derived-x', 2 ** 40)],
  'more averages than the run has': [...STATE, section('ema-0.5')],
  'a section twice': [...STATE.slice(0, 3), STATE[0]!],
  'a section of no name that there is': [...STATE, section('else')],
  'no moments': [STATE[0]!, STATE[3]!],
  nothing: [],
};

for (const [lie, sections] of Object.entries(LIES)) {
  test(`a state that announces ${lie} costs its sender the membership, and nobody memory`, (t) => {
    const heard = training();
    t.deepEqual(heard.active, ['a', 'b']);
    const transfer = 1;
    const effects = heard.say('a.0', { type: 'STATE', transfer, globalStep: 0, sections, fingerprint: null });
    t.is(rejected(effects)[0]?.code, 'state');
    t.false(effects.some(({ type }) => type === 'expectState'));
    t.deepEqual(heard.active, ['b']);
  });
}

test('a state that fits is taken', (t) => {
  const heard = training();
  const effects = heard.say('a.0', {
    ...{ type: 'STATE', transfer: 1, globalStep: 0, fingerprint: null },
    sections: [...STATE, section('derived-lossHistory.counts', 1000)],
  });
  t.deepEqual(rejected(effects), []);
  t.deepEqual(heard.active, ['a', 'b']);
});

test('a device kind that is on record is not decided anew by whoever comes first', (t) => {
  const first = new Heard();
  t.false(first.hello('a', 'gpu'));
  t.true(first.hello('b', 'other'), 'two that differ cannot both begin a run');
  first.hello('c', 'gpu');
  for (const id of ['a', 'c']) first.ready(id);
  const lines = first.effects.flatMap((one) => (one.type === 'journal' ? [one.entry] : []));
  const kinds = lines.flatMap((one) => ('deviceKind' in one ? [one.deviceKind] : []));
  t.deepEqual(kinds, ['gpu'], 'once is enough');
  const next = new Heard({ deviceKind: 'gpu' });
  t.true(next.hello('z', 'other'));
  t.false(next.hello('a', 'gpu'));
});
