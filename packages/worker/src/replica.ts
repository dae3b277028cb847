import type { BatchShape, Prefetch } from '@ddpm-fleet/data';
import { FrameKind, isFrame, type DataFrame, type MessageOf } from '@ddpm-fleet/protocol';
import type { Commits } from './machine/commits.js';
import type { ComputeThread } from './compute/computeThread.js';
import type { HeldOutImages } from './compute/session.js';
import { Holding } from './holding.js';
import { Leases } from './machine/leases.js';
import type { ReplicaEvents, StateToHold } from './replicaEvents.js';
import { Requests, type StateQuestion } from './machine/requests.js';
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
  readonly holding: Holding;
  readonly #compute: ComputeThread;
  readonly #slots: SlotWork;
  readonly #heldOut: HeldOutImages;
  readonly #events: ReplicaEvents;
  readonly #clock = new StepClock();
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
    this.holding = new Holding(parts.compute);
    this.leases = new Leases(parts.shape.numSlots);
    this.#slots = new SlotWork({
      ...parts,
      leases: this.leases,
      isWanted: (globalStep) => !this.#paused && !this.commits.isCommitted(globalStep),
      onPartial: parts.events.onPartial,
      onTime: (ms) => this.#clock.addSlots(ms),
    });
  }

  get globalStep(): number | undefined {
    return this.holding.globalStep;
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

  hold(state: StateToHold): void {
    this.#toLoad = state;
    this.#paused = false;
    this.wake();
  }

  lease({ generation, globalStep, runs }: MessageOf<'STEP_BEGIN'>): void {
    if (this.globalStep !== undefined && globalStep < this.globalStep) return;
    this.leases.add(generation, globalStep, runs);
    this.wake();
  }

  abort({ generation, globalStep, runs }: MessageOf<'STEP_ABORT'>): void {
    if (runs.length === 0) this.commits.abandon(generation, globalStep);
    this.leases.abort(globalStep, runs);
    if (globalStep === this.globalStep) this.#compute.cancelSlots();
    this.wake();
  }

  commit(message: MessageOf<'STEP_COMMIT'>): void {
    this.commits.addMessage(message);
    if (message.globalStep === this.globalStep) this.#compute.cancelSlots();
    this.wake();
  }

  /** A part of a step's root: a bucket, or the image records. */
  root(frame: DataFrame): void {
    if (isFrame(frame, FrameKind.rootImages)) this.commits.addImages(frame);
    if (isFrame(frame, FrameKind.root)) this.commits.addRoot(frame);
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
    const step = this.globalStep ?? -1;
    const asked = this.requests.at(step) !== undefined;
    return nextTask({
      paused: this.#paused,
      loadDue: this.#toLoad !== undefined,
      holdsState: this.globalStep !== undefined,
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
    const globalStep = this.globalStep!;
    const tasks = {
      load: () => this.#load(),
      slots: () => this.#slots.compute(globalStep),
      serve: () => this.#serve(this.requests.take(globalStep)!),
      apply: () => this.#apply(),
      tellLevel: () => this.#tellLevel(),
    };
    return tasks[task]();
  }

  async #load(): Promise<void> {
    const source = this.#toLoad!;
    this.#toLoad = undefined;
    this.#level = false;
    if (!(await this.holding.load(source))) this.#events.onDamaged();
    this.#atBoundary();
  }

  async #tellLevel(): Promise<void> {
    const fingerprint = await this.#compute.fingerprint();
    this.#level = true;
    this.#events.onLevel(this.globalStep!, fingerprint);
  }

  async #serve(question: StateQuestion): Promise<void> {
    if (question.kind === 'state') {
      const fingerprint = await this.#compute.fingerprint();
      return this.#events.onState(question, await this.#compute.readState(), fingerprint);
    }
    if (question.kind === 'share') return this.#events.onShare(question, await this.#compute.readState());
    const { globalStep, weights } = question;
    const loss =
      this.#heldOut.images.length > 0 ? await this.#compute.heldOutLoss(this.#heldOut, weights) : NaN;
    this.#events.onEvaluated(globalStep, weights, loss);
  }

  async #apply(): Promise<void> {
    const { fingerprint, computeMs } = await this.holding.apply(this.commits);
    const globalStep = this.globalStep!;
    this.leases.forgetBefore(globalStep);
    this.#atBoundary();
    this.#clock.addApply(computeMs);
    this.#events.onApplied(globalStep, this.#clock.lap());
    if (!fingerprint) return;
    const began = performance.now();
    this.#events.onFingerprint(globalStep, await this.#compute.fingerprint());
    this.#clock.addFingerprint(performance.now() - began);
  }

  #atBoundary(): void {
    this.#boundaryAt = performance.now();
    this.#slotsBefore = this.#compute.slotsFinished;
  }
}
