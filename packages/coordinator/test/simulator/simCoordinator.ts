import { createHash } from 'node:crypto';
import { runKey, type StateArrays } from '@ddpm-fleet/protocol';
import type { Clock, Transport } from '@ddpm-fleet/transport';
import { pino } from 'pino';
import {
  initialState,
  step,
  type Effect,
  type EffectOf,
  type Event,
  type MachineOptions,
  type Outcome,
  type State,
} from '../../src/machine/index.js';
import { InlineReducer } from '../../src/reducer/inlineReducer.js';
import type { Emit } from '../../src/server/emit.js';
import { StateIntake } from '../../src/server/intake.js';
import { Record } from '../../src/server/record.js';
import { recoverFrom } from '../../src/server/recover.js';
import { sendState } from '../../src/server/sendState.js';
import { Sums } from '../../src/server/sums.js';
import { Wire } from '../../src/server/wire.js';
import type { Invariants } from './invariants.js';
import { MemoryJournal, type Disk } from './memoryJournal.js';
import type { ModelRun } from './model.js';

export interface SimCoordinatorOptions {
  readonly machine: MachineOptions;
  readonly model: ModelRun;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly port: number;
  readonly invariants: Invariants;
  /** Milliseconds that a save takes. */
  readonly saveMs: number;
  readonly trace?: (event: Event, effects: readonly Effect[]) => void;
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** The real shell around the real machine, but for its clock, its disk and its threads. */
export class SimCoordinator {
  readonly state: State;
  readonly #options: SimCoordinatorOptions;
  readonly #wire: Wire;
  readonly #sums: Sums;
  readonly #record: Record;
  readonly #intakes = new Map<number, StateIntake>();
  readonly #early = new Map<number, (() => void)[]>();
  readonly #events: Event[] = [];
  #handling = false;
  #dead = false;
  events = 0;

  constructor(options: SimCoordinatorOptions) {
    this.#options = options;
    const { machine, model, disk, clock } = options;
    const run = runKey(machine.runId);
    const recovery = recoverFrom('the journal', disk.lines);
    this.state = initialState(machine, recovery, clock.now);
    options.invariants.begin(recovery.globalStep);
    const emit: Emit = (event) => this.take({ ...event, now: clock.now });
    this.#wire = new Wire(run, emit, pino({ enabled: false }));
    const buckets = machine.bucketSizes.length;
    this.#sums = new Sums(
      { ...model, run, buckets, digestEvery: 1 },
      this.#wire,
      emit,
      (o, h) => new InlineReducer(o, h),
    );
    this.#record = new Record(new MemoryJournal(disk, recovery.journal), this.#wire, emit);
  }

  async open(): Promise<void> {
    const { clock, transport, port, machine } = this.#options;
    await this.#wire.open(transport, '127.0.0.1', port);
    this.take({ type: 'start', now: clock.now });
    const tick = (): void => {
      if (this.#dead) return;
      this.#options.disk.synced = this.#options.disk.lines.length;
      this.take({ type: 'tick', now: clock.now });
      clock.after(machine.heartbeatMs, tick);
    };
    clock.after(machine.heartbeatMs, tick);
  }

  die(): void {
    this.#dead = true;
  }

  take(event: Event): void {
    if (this.#dead) return;
    this.#events.push(event);
    if (this.#handling) return;
    this.#handling = true;
    const { invariants, trace } = this.#options;
    for (let next = this.#events.shift(); next; next = this.#events.shift()) {
      this.events++;
      const { effects } = step(this.state, next);
      invariants.check(this.state, next, effects);
      trace?.(next, effects);
      for (const effect of effects) this.#perform(effect);
    }
    this.#handling = false;
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        return this.#wire.send(effect.to, effect.message);
      case 'introduce':
        return this.#introduce(effect.to);
      case 'beginRound':
        return this.#sums.begin(effect);
      case 'reduce':
        return this.#sums.reduce(effect);
      case 'sendRoot':
        return this.#sums.send(effect);
      case 'commit':
        return this.#record.commit(effect);
      case 'journal':
        return this.#record.append(effect);
      case 'adopt':
        return this.#record.adopt(effect);
      case 'forget':
        return this.#wire.forget(effect.peer);
      case 'findCheckpoint':
        return this.#find(effect.atMost);
      case 'expectState':
        return this.#expect(effect);
      case 'forwardState':
        return this.#forward(effect);
      case 'streamCheckpoint':
        return this.#stream(effect);
      case 'openShares':
        return this.#openShares(effect);
      case 'publishShares':
        return this.#save(effect.transfer, effect.globalStep, revived(effect.written));
      case 'finished':
        return this.#options.onOutcome?.(effect.outcome);
    }
  }

  #openShares({ transfer, globalStep, writers }: EffectOf<'openShares'>): void {
    for (const [share, peer] of writers.entries()) {
      const request = { transfer, globalStep, ticket: {}, share, meta: {} };
      this.#wire.send([peer], { type: 'CHECKPOINT_REQUEST', ...request });
    }
  }

  #introduce(to: string): void {
    const { runId, identityHash } = this.#options.machine;
    this.#wire.send([to], { type: 'RUN', runId, identityHash, config: {}, runDir: '/', host: 'coordinator' });
  }

  #later(event: Event): void {
    const { clock, saveMs } = this.#options;
    clock.after(saveMs, () => this.take({ ...event, now: clock.now }));
  }

  #find(atMost: number): void {
    const steps = [...this.#options.disk.checkpoints.keys()].filter((one) => one <= atMost);
    const newest = Math.max(...steps);
    const found = this.#options.disk.checkpoints.get(newest);
    const checkpoint = found ? { globalStep: newest, location: 'disk', digest: found.digest } : null;
    this.#later({ type: 'checkpointFound', checkpoint, now: 0 });
  }

  #stream({ to, transfer, globalStep }: EffectOf<'streamCheckpoint'>): void {
    const { disk, machine } = this.#options;
    const { state } = disk.checkpoints.get(globalStep)!;
    sendState(this.#wire, runKey(machine.runId), to, transfer, globalStep, state);
  }

  #expect(effect: EffectOf<'expectState'>): void {
    this.#intakes.set(effect.transfer, new StateIntake(effect));
    for (const again of this.#early.get(effect.transfer) ?? []) again();
  }

  #forward({ to, store }: EffectOf<'forwardState'>): void {
    const frame = this.#wire.frame!;
    this.#wire.pass(to, frame);
    if (!store) return;
    const { transfer, globalStep } = frame.header;
    const put = (): void => {
      const intake = this.#intakes.get(transfer);
      if (!intake) return void this.#early.set(transfer, [...(this.#early.get(transfer) ?? []), put]);
      if (intake.add(frame)) this.#save(transfer, globalStep, intake.state());
    };
    put();
  }

  #save(transfer: number, globalStep: number, { params, optimizer, emas, derived }: StateArrays): void {
    const { clock, saveMs, disk } = this.#options;
    const digest = createHash('sha256').update(String(globalStep)).digest('hex');
    clock.after(saveMs, () => {
      if (this.#dead) return;
      disk.checkpoints.set(globalStep, { digest, state: { params, optimizer, emas, derived } });
      this.take({ type: 'saved', transfer, globalStep, digest, now: clock.now });
    });
  }
}

/** The state that each of the writers holds, as it came out of a message. */
function revived(written: readonly unknown[]): StateArrays {
  const [first, ...others] = written.map((one) => JSON.stringify(one));
  if (others.some((other) => other !== first)) throw new Error('the writers hold different states');
  return JSON.parse(first!, (_, value: unknown) => {
    const isArray = typeof value === 'object' && value !== null && '0' in value && !Array.isArray(value);
    return isArray ? Float32Array.from(Object.values(value)) : value;
  }) as StateArrays;
}
