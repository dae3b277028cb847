import { hostname } from 'node:os';
import { checkpointLocation } from '@ddpm-fleet/config';
import {
  FrameKind,
  isFrame,
  runKey,
  type ControlMessage,
  type DataFrame,
  type MessageOf,
} from '@ddpm-fleet/protocol';
import type { Logger } from 'pino';
import { deviceKind } from './deviceKind.js';
import type { Link } from './link.js';
import type { Prepared } from './prepare.js';
import type { Replica } from './replica.js';
import type { ShareQuestion } from './machine/requests.js';
import { ShareWriter } from './shareWriter.js';
import { StateSync } from './stateSync.js';
import { wiredReplica } from './wiredReplica.js';

interface Parts {
  readonly prepared: Prepared;
  readonly link: Link;
  readonly runId: string;
  /** As the coordinator sees it. */
  readonly runDir: string;
  readonly workerId: string;
  readonly log: Logger;
  readonly onFailure: (error: unknown) => void;
}

/**
 * A worker that is prepared: says what it holds, gets level, works. It survives its coordinator: whenever somebody new
 * may be listening it says HELLO again, and keeps what it holds until it is told otherwise.
 */
export class Crew {
  readonly replica: Replica;
  readonly #parts: Parts;
  readonly #sync: StateSync;
  readonly #shares: ShareWriter;
  #generation = 0;
  #greeting: Promise<void> | undefined;
  /** What is held is wrong, says the coordinator. */
  #forget = false;
  #welcomes = 0;
  #closed = false;

  constructor(parts: Parts) {
    const { prepared, link, log, runId, runDir, onFailure } = parts;
    const { config, initialised } = prepared;
    this.#parts = parts;
    this.#shares = new ShareWriter(checkpointLocation(config, runDir), initialised.layout, link);
    this.replica = wiredReplica(prepared, link, runKey(runId), log, {
      generation: () => this.#generation,
      onShare: (question, state) => void this.#shares.write(question, state),
      onDamaged: () => this.#onDamaged(),
      onFailure,
    });
    this.#sync = new StateSync(
      link,
      initialised.layout,
      (state) => this.replica.hold(state),
      (text) => log.warn(text),
    );
  }

  get generation(): number {
    return this.#generation;
  }

  /** The replica holds still from before HELLO says what it holds until WELCOME says what to do about it. */
  hello(forget = false): void {
    this.#forget ||= forget;
    this.#greeting ??= this.#greet().catch(this.#parts.onFailure);
  }

  onMessage(message: ControlMessage): void {
    const { replica } = this;
    if ('generation' in message) this.#generation = Math.max(this.#generation, message.generation);
    switch (message.type) {
      case 'WELCOME':
        return this.#onWelcome(message);
      case 'STATE':
        return this.#sync.announce(message);
      case 'STEP_BEGIN':
        return replica.lease(message);
      case 'STEP_ABORT':
        return replica.abort(message);
      case 'STEP_COMMIT':
        return replica.commit(message);
      case 'STATE_REQUEST':
        return replica.ask({ kind: 'state', globalStep: message.globalStep, transfer: message.transfer });
      case 'CHECKPOINT_REQUEST':
        return replica.ask(shareQuestion(message));
      case 'EVALUATE':
        return replica.ask({ kind: 'evaluate', globalStep: message.globalStep, weights: message.weights });
      case 'COMMITS_REQUEST':
        return this.#parts.link.send({ type: 'COMMITS', lines: replica.holding.log.since(message.from) });
    }
  }

  onFrame(frame: DataFrame): void {
    if (isFrame(frame, FrameKind.state)) this.#sync.add(frame);
    else this.replica.root(frame);
  }

  /** A step stands, and its root has stopped coming for this long: a frame was lost. */
  isStuck(silentMs: number): boolean {
    const { globalStep, commits } = this.replica;
    if (globalStep === undefined || !commits.isCommitted(globalStep) || commits.isReady(globalStep))
      return false;
    return silentMs > this.#parts.prepared.config.fleet.livenessMs;
  }

  /** Nothing is begun any more; resolves when what was begun is over. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#sync.stop();
    await this.replica.pause();
    await this.#shares.close();
  }

  /** Over in the same turn in which HELLO is sent: WELCOME may be the very next thing that is read. */
  async #greet(): Promise<void> {
    this.#sync.stop();
    await this.replica.pause();
    if (!this.#closed) {
      if (this.#forget) this.replica.holding.forget();
      this.#forget = false;
      this.#parts.link.attach();
      this.#parts.link.send(this.#introduction());
    }
    this.#greeting = undefined;
  }

  #introduction(): MessageOf<'HELLO'> {
    const { prepared, workerId } = this.#parts;
    const { globalStep, log } = this.replica.holding;
    const { layout, description } = prepared.initialised;
    const { kind, version, device, threads } = description;
    return {
      type: 'HELLO',
      workerId,
      host: hostname(),
      pid: process.pid,
      identityHash: prepared.identityHash,
      layout: layout.entries.map(({ name, shape }) => ({ name, shape: [...shape] })),
      layoutHash: layout.hash,
      datasetHash: prepared.dataset.hash,
      datasetSize: prepared.datasetSize,
      engine: { kind, version, device, threads },
      deviceKind: deviceKind(description),
      held: globalStep === undefined ? null : { globalStep, lineHash: log.head },
    };
  }

  #onWelcome({ generation, state }: MessageOf<'WELCOME'>): void {
    // An answer to an earlier HELLO: the one under way will get its own.
    if (this.#greeting) return;
    this.#parts.log.info({ generation, ...state }, 'welcome');
    // At once, because roots of this generation may be the next thing to arrive.
    this.#parts.prepared.commits.restart(generation, state.globalStep);
    const welcome = ++this.#welcomes;
    const begin = () => {
      if (welcome !== this.#welcomes || this.#greeting || this.#closed) return;
      if (state.from === 'held' && this.replica.globalStep !== state.globalStep) return this.hello();
      return this.#sync.begin(state);
    };
    this.replica.pause().then(begin).catch(this.#parts.onFailure);
  }

  #onDamaged(): void {
    this.#parts.log.error('the state that came is damaged; asking for another');
    this.hello();
  }
}

function shareQuestion(message: MessageOf<'CHECKPOINT_REQUEST'>): ShareQuestion {
  const { transfer, globalStep, ticket, share, meta } = message;
  return { kind: 'share', transfer, globalStep, ticket, share, meta };
}
