import { hostname } from 'node:os';
import { receivedConfig } from '@ddpm-fleet/config';
import { isFleetError } from '@ddpm-fleet/core';
import { runKey, type ControlMessage, type MessageOf } from '@ddpm-fleet/protocol';
import { ComputeThread } from './compute/computeThread.js';
import { Crew } from './crew.js';
import { Link } from './link.js';
import type { WorkerEnd, WorkerOptions } from './options.js';
import { prepare, type Prepared } from './prepare.js';

/** Until the run's config says otherwise. */
const FIRST_HEARTBEAT_MS = 500;
/** Length that the protocol grants a reason. */
const REASON_CHARS = 2000;

/** One worker's life in a run: asks what the run is, prepares for it, is part of its crew, leaves. */
export class Member {
  /** Resolves when there is nothing more to do; never rejects. */
  readonly ended: Promise<WorkerEnd>;
  readonly #options: WorkerOptions;
  readonly #link: Link;
  readonly #compute = new ComputeThread();
  #resolveEnd!: (end: WorkerEnd) => void;
  #isOver = false;
  #run: MessageOf<'RUN'> | undefined;
  #prepared: Prepared | undefined;
  #crew: Crew | undefined;
  #heartbeat: NodeJS.Timeout;
  #everConnected = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => (this.#resolveEnd = resolve));
    const { log } = options;
    this.#link = new Link(options.workerId, {
      onMessage: (message) => this.#onMessage(message),
      onFrame: (frame) => this.#isOver || this.#crew?.onFrame(frame),
      onConnected: () => this.#onConnected(),
      onDisconnected: () => log.warn('the coordinator is gone; keeping the state and trying again'),
      onRefused: (reason) => this.#onRefused(reason),
      onGarbage: (error) => log.warn({ fault: error.fault }, error.message),
    });
    this.#heartbeat = setInterval(() => this.#beat(), FIRST_HEARTBEAT_MS);
    void this.#compute.ended.then((crash) => crash && this.#fail(crash));
  }

  /** @throws DDPM_ERR_TRANSPORT_* */
  async open(): Promise<void> {
    const { transport, addresses, log, workerId, flipAt } = this.#options;
    log.info({ workerId, peer: this.#link.peer, ...addresses }, 'joining');
    if (flipAt !== undefined) void this.#compute.armFlip(flipAt);
    await this.#link.open(transport, addresses);
  }

  /** Gives the slots back and leaves. */
  leave(reason: string): void {
    if (this.#isOver) return;
    this.#link.send({ type: 'LEAVE', reason, failed: false });
    this.#end({ exitCode: 0, reason });
  }

  /** Sockets first: the thread may be busy with a slot, and nobody waits for it any more. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#link.close();
    await this.#crew?.close();
    await this.#compute.dispose();
    await this.#prepared?.dataset.close();
  }

  #end(end: WorkerEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#compute.cancelSlots();
    this.#resolveEnd(end);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.log.error({ err: error }, reason);
    this.#link.send({ type: 'LEAVE', reason: reason.slice(0, REASON_CHARS), failed: true });
    this.#end({ exitCode: isFleetError(error) ? error.exitCode : 1, reason });
  }

  #onConnected(): void {
    this.#everConnected = true;
    if (this.#isOver) return;
    if (this.#crew) this.#crew.hello();
    else if (!this.#run) this.#join();
  }

  #onRefused(reason: string): void {
    this.#options.log.error(reason);
    // Once let in, a refusal comes from a coordinator that is not itself yet.
    if (!this.#everConnected) this.#end({ exitCode: 2, reason });
  }

  #join(): void {
    const { workerId } = this.#options;
    this.#link.send({ type: 'JOIN', workerId, host: hostname(), pid: process.pid });
  }

  #onMessage(message: ControlMessage): void {
    if (this.#isOver) return;
    switch (message.type) {
      case 'RUN':
        return this.#onRun(message);
      case 'HELLO_AGAIN':
        if (this.#crew) return this.#crew.hello(message.forget);
        return this.#run ? undefined : this.#join();
      case 'REJECT':
        return this.#end({ exitCode: 2, reason: message.reason });
      case 'SHUTDOWN':
        return this.#end({ exitCode: message.completed ? 0 : 1, reason: message.reason });
      case 'DRAIN':
        return this.leave(message.reason);
      default:
        this.#crew?.onMessage(message);
    }
  }

  #onRun(message: MessageOf<'RUN'>): void {
    if (this.#crew) return this.#crew.hello();
    if (this.#run) return;
    this.#run = message;
    const config = receivedConfig(message.config);
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => this.#beat(), config.fleet.heartbeatMs);
    prepare(config, this.#compute, (text) => this.#options.log.warn(text)).then(
      (prepared) => this.#onPrepared(prepared, message),
      (error: unknown) => this.#fail(error),
    );
  }

  #onPrepared(prepared: Prepared, { runId, runDir }: MessageOf<'RUN'>): void {
    const { log, workerId } = this.#options;
    this.#prepared = prepared;
    if (this.#isOver) return;
    const { layout, description } = prepared.initialised;
    log.info({ engine: description, dataset: prepared.dataset.name, parameters: layout.size }, 'prepared');
    const onFailure = (error: unknown) => this.#fail(error);
    this.#crew = new Crew({ prepared, link: this.#link, runId, runDir, workerId, log, onFailure });
    this.#link.run = runKey(runId);
    this.#crew.hello();
  }

  #beat(): void {
    const crew = this.#crew;
    this.#link.send({
      type: 'HEARTBEAT',
      generation: crew?.generation ?? 0,
      globalStep: crew?.replica.globalStep ?? 0,
      progress: crew?.replica.progress ?? 0,
    });
    if (!crew?.isStuck(performance.now() - this.#link.dataHeardAt)) return;
    this.#options.log.warn('the root of a committed step does not arrive; saying hello again');
    crew.hello();
  }
}
