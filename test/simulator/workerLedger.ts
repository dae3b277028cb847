import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { FrameKind, isFrame, type DataFrame, type MessageOf } from '@ddpm-fleet/protocol';
import type { WorkerEffect, WorkerEffectOf, WorkerEvent, WorkerState } from '@ddpm-fleet/worker/parts';
import type { Invariant } from './invariants.js';
import { LeaseAccount, RootAccount } from './workerAccounts.js';

type Message = Extract<WorkerEvent, { type: 'message' }>['message'];

/**
 * Accounts of one worker that know nothing of its machine's own: they follow what it hears, and hold what it is about
 * to do against that.
 */
export class WorkerLedger {
  readonly #count: (invariant: Invariant) => void;
  readonly #leases = new LeaseAccount();
  readonly #roots: RootAccount;
  /** Step at which each transfer was asked for. */
  readonly #asked = new Map<number, number>();
  #mustForget = false;
  /** Of the commit that is being applied, and of the last one that was. */
  #lines: { applying: readonly string[]; applied: readonly string[] } = { applying: [], applied: [] };
  #heardAt = 0;

  /** @param buckets of a root */
  constructor(buckets: number, count: (invariant: Invariant) => void) {
    this.#roots = new RootAccount(buckets);
    this.#count = count;
  }

  /** @param state after the event, @param effects not done yet. @throws AssertionError */
  follow(state: WorkerState, event: WorkerEvent, effects: readonly WorkerEffect[]): void {
    this.#hear(state, event);
    for (const effect of effects) this.#judge(state, effect);
    if (event.type === 'tick' && event.due === 'heartbeat') this.#judgePatience(state);
    if (state.phase.name !== 'working') this.#leases.clear();
  }

  #hear({ phase, now }: WorkerState, event: WorkerEvent): void {
    if (event.type === 'message') this.#hearMessage(phase.name, event.message);
    if (event.type === 'prepared') this.#heardAt = now;
    if (event.type === 'frame') this.#hearFrame(now, event.frame);
    if (event.type === 'loaded') this.#lines.applied = [];
    if (event.type === 'applied') this.#lines.applied = this.#lines.applying;
  }

  #hearMessage(phase: WorkerState['phase']['name'], message: Message): void {
    if (message.type === 'WELCOME') {
      this.#leases.clear();
      this.#roots.restart(message.generation, message.state.globalStep);
    }
    if (message.type === 'HELLO_AGAIN' && phase === 'greeting') this.#mustForget ||= message.forget;
    if (message.type === 'STEP_COMMIT') this.#roots.commit(message);
    if (message.type === 'STEP_ABORT') {
      if (message.runs.length === 0) this.#roots.abandon(message);
      this.#leases.abort(message);
    }
    if (phase !== 'working') return;
    if (message.type === 'STEP_BEGIN') this.#leases.add(message);
    if (message.type === 'STATE_REQUEST') this.#asked.set(message.transfer, message.globalStep);
  }

  #hearFrame(now: number, frame: DataFrame): void {
    this.#heardAt = now;
    if (isFrame(frame, FrameKind.root)) this.#roots.part(frame.header, frame.header.bucket);
    if (isFrame(frame, FrameKind.rootImages)) this.#roots.part(frame.header, 'images');
  }

  #judge(state: WorkerState, effect: WorkerEffect): void {
    if (effect.type === 'compute') this.#judgeCompute(effect);
    if (effect.type === 'sendSum') this.#judgeSum(effect);
    if (effect.type === 'apply') this.#judgeApply(state, effect);
    if (effect.type === 'fingerprint') this.#judgeReady(state);
    if (effect.type === 'load') this.#judgeLoad(state, effect);
    if (effect.type === 'sendState') this.#judgeGift(effect);
    if (effect.type === 'send' && effect.message.type === 'HELLO') this.#judgeHello(effect.message);
  }

  #judgeCompute({ globalStep, nodes }: WorkerEffectOf<'compute'>): void {
    assert.ok(!this.#roots.isCommitted(globalStep), `slots of step ${globalStep} are computed, which stands`);
    for (const { start, end } of nodes) this.#leases.check(globalStep, start, end);
  }

  #judgeSum({ globalStep, leased }: WorkerEffectOf<'sendSum'>): void {
    this.#count('a sum answers a lease that is held');
    this.#leases.answer(globalStep, leased);
  }

  #judgeApply({ phase }: WorkerState, { root }: WorkerEffectOf<'apply'>): void {
    this.#count('what is applied is committed, whole, and not abandoned');
    assert.ok(phase.name === 'working' && phase.replica.call?.kind === 'apply', 'only who works applies');
    const { commit } = phase.replica.call;
    this.#lines.applying = commit.lines;
    this.#roots.take(commit.globalStep, root !== undefined);
  }

  /** READY is about to be said. */
  #judgeReady({ phase }: WorkerState): void {
    if (phase.name !== 'working' || phase.replica.call?.kind !== 'fingerprint') return;
    if (phase.replica.call.for !== 'ready') return;
    this.#count('READY is said when all that is committed is applied');
    assert.ok(!this.#roots.isWhole(phase.replica.held!.globalStep), 'a step that could be applied waits');
  }

  #judgeLoad({ phase }: WorkerState, { state }: WorkerEffectOf<'load'>): void {
    if (phase.name !== 'fetching' || state === 'seed') return;
    this.#count('a state that is loaded or given is of the step that was asked for');
    assert.equal(state.globalStep, phase.source.globalStep, 'another state than WELCOME named is loaded');
  }

  #judgeGift({ transfer, state }: WorkerEffectOf<'sendState'>): void {
    this.#count('a state that is loaded or given is of the step that was asked for');
    assert.equal(state.globalStep, this.#asked.get(transfer), 'another state than was asked for is given');
  }

  #judgeHello({ held }: MessageOf<'HELLO'>): void {
    this.#count('HELLO says what is held, and nothing that was called damaged');
    if (this.#mustForget) assert.equal(held, null, 'what was called damaged is held');
    this.#mustForget = false;
    const line = this.#lines.applied.at(-1);
    const hash = line === undefined ? null : createHash('sha256').update(line).digest('hex');
    if (held) assert.equal(held.lineHash, hash, 'HELLO names another commit than the last one');
  }

  /** A frame of a root that was lost does not come by waiting for it. */
  #judgePatience({ phase, now }: WorkerState): void {
    if (phase.name !== 'working' || !phase.replica.held) return;
    this.#count('no root is waited for in vain');
    const { held, run } = phase.replica;
    const waits = this.#roots.isCommitted(held.globalStep) && !this.#roots.isWhole(held.globalStep);
    const idleMs = now - this.#heardAt;
    assert.ok(!waits || idleMs <= run.config.fleet.livenessMs, `nothing came for ${idleMs} ms, and it waits`);
  }
}
