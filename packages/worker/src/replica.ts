import type { BatchShape, Prefetch } from '@ddpm-fleet/data';
import type { DataFrame, MessageOf } from '@ddpm-fleet/protocol';
import { CommitLog } from './commitLog.js';
import type { Commits } from './commits.js';
import type { ComputeThread } from './compute/computeThread.js';
import type { HeldOutImages } from './compute/session.js';
import { Leases } from './leases.js';
import type { ReplicaEvents, StateToHold } from './replicaEvents.js';
import { Requests, type StateQuestion } from './requests.js';
import { SlotWork } from './slotWork.js';
import { StepClock } from './stepClock.js';
import { nextTask, type Task } from './task.js';

/** How long a snapshot waits for slots that may be about to be leased, so that it does not delay them. */
const DEFER_MS = 50;

/**
 * One replica of the training state and everything that is done with it: one task at a time, in the order of
 * `nextTask`. It knows steps, slots and commits, and nothing of sockets.
 */
export class Replica {
  readonly leases: Leases;
  readonly commits: Commits;
  readonly requests = new Requests();
  readonly log = new CommitLog();
  readonly #compute: ComputeThread;
  readonly #slots: SlotWork;
  readonly #heldOut: HeldOutImages;
  readonly #events: ReplicaEvents;
  readonly #clock = new StepClock();
  #globalStep: number | undefined;
  #paused = true;
  #toLoad: StateToHold | undefined;
  #level = false;
  #running: Promise<void> | undefined;
  #again = false;
  #boundaryAt = 0;
  #slotsBefore = 0;

  constructor(parts: {
    compute: ComputeThread;
    prefetch: Prefetch;
    commits: Commits;
    shape: BatchShape;
    heldOut: HeldOutImages;
    events: ReplicaEvents;
  }) {
    this.#compute = parts.compute;
    this.#heldOut = parts.heldOut;
    this.#events = parts.events;
    this.commits = parts.commits;
    this.leases = new Leases(parts.shape.numSlots);
    this.#slots = new SlotWork({
      ...parts,
      leases: this.leases,
      isWanted: (globalStep) => !this.#paused && !this.commits.isCommitted(globalStep),
      onPartial: parts.events.onPartial,
      onTime: (ms) => this.#clock.addSlots(ms),
    });
  }

  /** Applied steps, or undefined while nothing is held. */
  get globalStep(): number | undefined {
    return this.#globalStep;
  }

  /** Slots finished in the step that it is at. */
  get progress(): number {
    return (this.#compute.slotsFinished - this.#slotsBefore) >>> 0;
  }

  /** Calls off slots, lets anything else finish, and does nothing more until `hold`. */
  async pause(): Promise<void> {
    this.#paused = true;
    this.leases.clear();
    this.requests.clear();
    this.#compute.cancelSlots();
    while (this.#running) await this.#running;
  }

  /** What is held is wrong. */
  forget(): void {
    this.#globalStep = undefined;
    this.log.clear();
  }

  hold(state: StateToHold): void {
    this.#toLoad = state;
    this.#paused = false;
    this.wake();
  }

  lease({ generation, globalStep, runs }: MessageOf<'STEP_BEGIN'>): void {
    if (this.#globalStep !== undefined && globalStep < this.#globalStep) return;
    this.leases.add(generation, globalStep, runs);
    this.wake();
  }

  abort({ generation, globalStep, runs }: MessageOf<'STEP_ABORT'>): void {
    if (runs.length === 0) this.commits.abandon(generation, globalStep);
    this.leases.abort(globalStep, runs);
    if (globalStep === this.#globalStep) this.#compute.cancelSlots();
    this.wake();
  }

  commit(message: MessageOf<'STEP_COMMIT'>): void {
    this.commits.addMessage(message);
    if (message.globalStep === this.#globalStep) this.#compute.cancelSlots();
    this.wake();
  }

  root(frame: DataFrame): void {
    this.commits.addRoot(frame);
    this.wake();
  }

  rootImages(frame: DataFrame): void {
    this.commits.addImages(frame);
    this.wake();
  }

  ask(question: StateQuestion): void {
    this.requests.add(question);
    this.wake();
  }

  /** Something may have become possible. */
  wake(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = this.#work()
      .catch((error: unknown) => this.#events.onFailure(error))
      .finally(() => {
        this.#running = undefined;
        if (this.#again) this.wake();
      });
  }

  async #work(): Promise<void> {
    for (;;) {
      this.#again = false;
      const task = this.#next();
      if (task === 'wait') return;
      await this.#carryOut(task);
    }
  }

  #next(): Task {
    const step = this.#globalStep ?? -1;
    const asked = this.requests.at(step) !== undefined;
    return nextTask({
      paused: this.#paused,
      loadDue: this.#toLoad !== undefined,
      holdsState: this.#globalStep !== undefined,
      owes: this.leases.owed(step).length > 0,
      committed: this.commits.isCommitted(step),
      ready: this.commits.isReady(step),
      asked,
      mayDefer: asked && this.#mayDefer(),
      level: this.#level,
    });
  }

  #mayDefer(): boolean {
    const waitedMs = performance.now() - this.#boundaryAt;
    if (this.progress > 0 || !this.#level || waitedMs >= DEFER_MS) return false;
    setTimeout(() => this.wake(), DEFER_MS - waitedMs + 1);
    return true;
  }

  #carryOut(task: Exclude<Task, 'wait'>): Promise<void> {
    switch (task) {
      case 'load':
        return this.#load();
      case 'slots':
        return this.#slots.compute(this.#globalStep!);
      case 'serve':
        return this.#serve(this.requests.take(this.#globalStep!)!);
      case 'apply':
        return this.#apply(this.#globalStep!);
      case 'tellLevel':
        return this.#tellLevel();
    }
  }

  async #load(): Promise<void> {
    const source = this.#toLoad!;
    this.#toLoad = undefined;
    this.#level = false;
    if (source.from === 'seed') {
      await this.#compute.loadInitialState();
      this.#globalStep = 0;
      this.log.clear();
    } else if (source.from === 'elsewhere') {
      const { globalStep } = source.state;
      await this.#compute.loadState(source.state);
      this.#globalStep = globalStep;
      this.log.clear();
      if (source.fingerprint !== undefined && (await this.#compute.fingerprint()) !== source.fingerprint) {
        this.#globalStep = undefined;
        this.#events.onDamaged();
      }
    }
    this.#atBoundary();
  }

  async #tellLevel(): Promise<void> {
    const fingerprint = await this.#compute.fingerprint();
    this.#level = true;
    this.#events.onLevel(this.#globalStep!, fingerprint);
  }

  async #serve(question: StateQuestion): Promise<void> {
    if (question.kind === 'state') {
      const fingerprint = await this.#compute.fingerprint();
      return this.#events.onState(question, await this.#compute.readState(), fingerprint);
    }
    const { globalStep, weights } = question;
    const loss =
      this.#heldOut.images.length > 0 ? await this.#compute.heldOutLoss(this.#heldOut, weights) : NaN;
    this.#events.onEvaluated(globalStep, weights, loss);
  }

  async #apply(globalStep: number): Promise<void> {
    const { message, root } = this.commits.take(globalStep)!;
    if (root) {
      const applied = await this.#compute.apply({ root: root.sum, t: root.t, loss: root.loss });
      this.commits.recycle(applied.root);
      this.#clock.addApply(applied.computeMs);
    } else {
      await this.#compute.skip();
    }
    this.#globalStep = globalStep + 1;
    this.log.add(globalStep, message.lines);
    this.leases.forgetBefore(this.#globalStep);
    this.#atBoundary();
    this.#events.onApplied(this.#globalStep, this.#clock.lap());
    if (message.fingerprint) this.#events.onFingerprint(this.#globalStep, await this.#compute.fingerprint());
  }

  #atBoundary(): void {
    this.#boundaryAt = performance.now();
    this.#slotsBefore = this.#compute.slotsFinished;
  }
}
