import { createHash } from 'node:crypto';
import type { TrainState } from '@ddpm-fleet/core';
import { FrameKind, isFrame, runKey, StateReceiver, type DataFrame } from '@ddpm-fleet/protocol';
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
  isTrusted,
} from '../../src/machine/index.js';
import { InlineReducer } from '../../src/reducer/inlineReducer.js';
import { CostMeter } from '../../src/server/costs.js';
import type { Emit } from '../../src/server/emit.js';
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
  /** False: only the time that the machine takes is of interest. */
  readonly checked?: boolean;
  readonly onSaved?: (state: TrainState) => void;
}

/** Of every checkpoint. */
const META = {
  runId: 'simulated',
  createdAt: '2026-01-01T00:00:00.000Z',
  identity: {},
  identityHash: '0'.repeat(64),
  datasetHash: '0'.repeat(64),
  engine: {},
  configYaml: '',
  losses: {},
};

/** Looking for a checkpoint takes no longer than saving one. */
const LONGEST_LOOK_MS = 200;

/** The real shell around the real machine, but for its clock, its disk and its threads. */
export class SimCoordinator {
  readonly state: State;
  readonly #options: SimCoordinatorOptions;
  readonly #wire: Wire;
  readonly #sums: Sums;
  readonly #record: Record;
  readonly #receivers = new Map<number, StateReceiver<EffectOf<'expectState'>>>();
  readonly #events: { readonly event: Event; readonly frame: DataFrame | undefined }[] = [];
  readonly #missed: (() => void)[] = [];
  #handling = false;
  #dead = false;
  /** Stopped (SIGSTOP): what comes waits. */
  #frozen = false;
  /** Effects that are still done before it crashes. */
  #effectsLeft = Infinity;
  #onCrash: () => void = () => undefined;
  events = 0;
  /** CPU milliseconds in the machine; counted where nothing is checked. */
  machineMs = 0;

  constructor(options: SimCoordinatorOptions) {
    this.#options = options;
    const { machine, model, disk, clock } = options;
    const run = runKey(machine.runId);
    const recovery = recoverFrom('the journal', disk.lines);
    this.state = initialState(machine, recovery, clock.now);
    options.invariants.begin(this.state);
    const emit: Emit = (event, frame) => this.take({ ...event, now: clock.now }, frame);
    this.#wire = new Wire(run, emit, pino({ enabled: false }), clock, 1024);
    const buckets = machine.bucketSizes.length;
    const costs = new CostMeter();
    this.#sums = new Sums(
      { ...model, run, buckets, digestEvery: 1 },
      this.#wire,
      emit,
      costs,
      (o, h) => new InlineReducer(o, h),
    );
    this.#record = new Record(new MemoryJournal(disk, recovery.journal), recovery, this.#wire, emit, costs);
  }

  async open(): Promise<void> {
    const { clock, transport, port, machine } = this.#options;
    await this.#wire.open(transport, '127.0.0.1', port);
    this.take({ type: 'start', now: clock.now });
    const tick = (): void => {
      if (this.#dead) return;
      if (!this.#frozen) {
        this.#options.disk.synced = this.#options.disk.lines.length;
        this.take({ type: 'tick', now: clock.now });
      }
      clock.after(machine.heartbeatMs, tick);
    };
    clock.after(machine.heartbeatMs, tick);
  }

  die(): void {
    this.#dead = true;
  }

  /** Dies in the middle of what an event brings about, after so many effects. */
  crashAfter(effects: number, onCrash: () => void): void {
    this.#effectsLeft = effects;
    this.#onCrash = onCrash;
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    if (this.#dead) return;
    for (const again of this.#missed.splice(0)) again();
  }

  take(event: Event, frame?: DataFrame): void {
    if (this.#dead) return;
    if (this.#frozen) return this.#miss(event, frame);
    this.#events.push({ event, frame });
    if (this.#handling) return;
    this.#handling = true;
    const { invariants, trace, checked = true } = this.#options;
    for (let next = this.#events.shift(); next && !this.#dead; next = this.#events.shift()) {
      this.events++;
      const { effects } = checked ? step(this.state, next.event) : this.#timed(next.event);
      if (checked) invariants.check(this.state, next.event, effects);
      trace?.(next.event, effects);
      for (const effect of effects) if (!this.#crashes()) this.#perform(effect, next.frame);
    }
    this.#handling = false;
  }

  #timed(event: Event): { effects: Effect[] } {
    const before = process.cpuUsage();
    const { effects } = step(this.state, event);
    const { user, system } = process.cpuUsage(before);
    this.machineMs += (user + system) / 1000;
    return { effects };
  }

  /** The socket keeps what comes for a process that is stopped. */
  #miss(event: Event, frame: DataFrame | undefined): void {
    this.#missed.push(() => this.take({ ...event, now: this.#options.clock.now }, frame));
  }

  #crashes(): boolean {
    if (this.#dead) return true;
    if (this.#effectsLeft-- > 0) return false;
    this.#onCrash();
    return true;
  }

  #perform(effect: Effect, frame: DataFrame | undefined): void {
    switch (effect.type) {
      case 'send':
        return this.#wire.send(effect.to, effect.message);
      case 'introduce':
        return this.#introduce(effect.to);
      case 'beginRound':
        return this.#sums.begin(effect);
      case 'reduce':
        return this.#sums.reduce(effect, frame!);
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
        return this.#find(effect);
      case 'expectState':
        return this.#expect(effect);
      case 'forwardState':
        return this.#forward(effect, frame!);
      case 'streamCheckpoint':
        return this.#stream(effect);
      case 'openShares':
        return this.#openShares(effect);
      case 'publishShares':
        return this.#publish(effect);
      case 'finished':
        return this.#options.onOutcome?.(effect.outcome);
    }
  }

  #openShares({ transfer, globalStep, writers }: EffectOf<'openShares'>): void {
    for (const [share, peer] of writers.entries()) {
      const ticket = { globalStep, shares: writers.length, id: String(transfer) };
      this.#wire.send([peer], {
        type: 'CHECKPOINT_REQUEST',
        transfer,
        globalStep,
        ticket,
        share,
        meta: META,
      });
    }
  }

  #publish({ transfer, globalStep, written }: EffectOf<'publishShares'>): void {
    const [digest, ...others] = new Set(written.map(({ head }) => head.digest));
    const state = this.#options.disk.shares.get(digest!)!;
    if (others.length === 0) this.#save(transfer, state);
    else
      this.#later({
        type: 'saveFailed',
        transfer,
        globalStep,
        reason: 'the writers hold different states',
        now: 0,
      });
  }

  #introduce(to: string): void {
    const { runId, identityHash } = this.#options.machine;
    this.#wire.send([to], { type: 'RUN', runId, identityHash, config: {}, runDir: '/', host: 'coordinator' });
  }

  #later(event: Event): void {
    const { clock, saveMs } = this.#options;
    clock.after(Math.min(saveMs, LONGEST_LOOK_MS), () => this.take({ ...event, now: clock.now }));
  }

  #find({ atMost, trust }: EffectOf<'findCheckpoint'>): void {
    const steps = [...this.#options.disk.checkpoints.keys()].filter(
      (one) => one <= atMost && isTrusted(trust, one),
    );
    const newest = Math.max(...steps);
    const found = this.#options.disk.checkpoints.get(newest);
    const checkpoint = found ? { globalStep: newest, location: 'disk', digest: found.digest } : null;
    this.#later({ type: 'checkpointFound', checkpoint, now: 0 });
  }

  #stream({ to, transfer, globalStep }: EffectOf<'streamCheckpoint'>): void {
    const { disk, machine } = this.#options;
    const { state } = disk.checkpoints.get(globalStep)!;
    sendState(this.#wire, runKey(machine.runId), to, transfer, state);
  }

  #expect(effect: EffectOf<'expectState'>): void {
    this.#receiver(effect.transfer).announce(effect);
    this.#saveIfWhole(effect.transfer);
  }

  #forward({ to, store }: EffectOf<'forwardState'>, frame: DataFrame): void {
    this.#wire.pass(to, frame);
    if (!store || !isFrame(frame, FrameKind.state)) return;
    const { transfer } = frame.header;
    this.#receiver(transfer).add(frame);
    this.#saveIfWhole(transfer);
  }

  #receiver(transfer: number): StateReceiver<EffectOf<'expectState'>> {
    let found = this.#receivers.get(transfer);
    if (!found) this.#receivers.set(transfer, (found = new StateReceiver(transfer)));
    return found;
  }

  #saveIfWhole(transfer: number): void {
    const receiver = this.#receiver(transfer);
    if (!receiver.isWhole) return;
    this.#receivers.delete(transfer);
    this.#save(transfer, receiver.state());
  }

  #save(transfer: number, state: TrainState): void {
    const { globalStep } = state;
    const { clock, saveMs, disk, onSaved } = this.#options;
    const digest = createHash('sha256').update(String(globalStep)).digest('hex');
    // The journal is made durable first: no checkpoint is ahead of it.
    disk.synced = disk.lines.length;
    clock.after(saveMs, () => {
      if (this.#dead) return;
      if (disk.failing)
        return this.take({
          type: 'saveFailed',
          transfer,
          globalStep,
          reason: 'the disk is full',
          now: clock.now,
        });
      disk.checkpoints.set(globalStep, { digest, state });
      onSaved?.(state);
      this.take({ type: 'saved', transfer, globalStep, digest, now: clock.now });
    });
  }
}
