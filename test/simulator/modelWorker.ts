import { createHash } from 'node:crypto';
import { bucketsOf, type Bucket, type TrainState } from '@ddpm-fleet/core';
import {
  decodeControl,
  decodeFrame,
  decodeImages,
  encodeControl,
  encodeFrame,
  encodeImages,
  fingerprintText,
  FrameKind,
  fromWire,
  isFrame,
  stateFrames,
  stateMessage,
  StateReceiver,
  toWire,
  type ControlMessage,
  type DataFrame,
  type FrameHeader,
  type ImageRecords,
  type MessageOf,
  type SlotRun,
  type StateHeader,
} from '@ddpm-fleet/protocol';
import type { CheckpointStore } from '@ddpm-fleet/checkpoint';
import type { Dealer, Transport } from '@ddpm-fleet/transport';
import type { Host } from './host.js';
import { LAYOUT, Replica, type ModelRun } from './model.js';

type Question = MessageOf<'STATE_REQUEST'> | MessageOf<'EVALUATE'> | MessageOf<'CHECKPOINT_REQUEST'>;

export interface ModelWorkerOptions {
  readonly workerId: string;
  readonly incarnation: number;
  readonly model: ModelRun;
  readonly run: bigint;
  readonly host: Host;
  readonly addresses: { readonly control: string; readonly data: string };
  readonly heartbeatMs: number;
  /** Milliseconds from JOIN to HELLO. */
  readonly prepareMs: number;
  /** Milliseconds a slot. */
  readonly slotMs: () => number;
  readonly facts: {
    readonly identityHash: string;
    readonly datasetHash: string;
    readonly deviceKind: string;
  };
  /** The run's checkpoints, if this host reaches them. */
  readonly store: CheckpointStore | undefined;
  /** Looks at the replica whenever it has changed. */
  readonly onState?: (replica: Replica) => void;
  /** Fingerprints of states that damaged replicas gave away. */
  readonly damagedStates?: Set<string>;
  /** A damaged replica got another state before anybody noticed: what it sent cannot be found out any more. */
  readonly onUnnoticed?: () => void;
  readonly onEnd?: (reason: string, completed: boolean) => void;
}

/** Each part with the generation under which it came. */
interface Root {
  readonly buckets: Map<number, { readonly generation: number; readonly values: Float32Array }>;
  images: { readonly generation: number; readonly records: ImageRecords } | undefined;
}

/**
 * A worker as PROTOCOL.md has it, with a model that is arithmetic and a device that is a timer: what coordinators are
 * tested with. It keeps what it holds through connections and coordinators.
 */
export class ModelWorker {
  readonly options: ModelWorkerOptions;
  readonly replica: Replica;
  readonly #buckets: Bucket[];
  #control: Dealer | undefined;
  #data: Dealer | undefined;
  #prepared = false;
  #connections = 0;
  #holds = false;
  /** WELCOME was said and its state is not here yet. */
  #source: MessageOf<'WELCOME'>['state'] | undefined;
  #generation = 0;
  #roots = new Map<number, Root>();
  #commits = new Map<number, MessageOf<'STEP_COMMIT'>>();
  #memory: { globalStep: number; lines: readonly string[] }[] = [];
  #leases: { generation: number; globalStep: number; run: SlotRun }[] = [];
  #computing = false;
  #requests: Question[] = [];
  #incoming: StateReceiver | undefined;
  #early: DataFrame<StateHeader>[] = [];
  #ended = false;
  /** Its bits were flipped, or it has its state from a replica whose bits were. */
  damaged = false;

  constructor(options: ModelWorkerOptions) {
    this.options = options;
    this.replica = new Replica(options.model);
    this.#buckets = bucketsOf(options.model.size, options.model.bucketBytes);
  }

  get host(): Host {
    return this.options.host;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get peer(): string {
    return `${this.options.workerId}.${this.options.incarnation.toString(16).padStart(8, '0')}`;
  }

  async open(transport: Transport): Promise<void> {
    const { addresses } = this.options;
    const quiet = { onDisconnected: () => undefined, onRefused: () => undefined };
    this.#control = await transport.dealer(
      { address: addresses.control, peer: this.peer, maxFrameBytes: 1 << 24 },
      {
        ...quiet,
        onConnected: this.#awake(() => this.#onConnected()),
        onMessage: (frames) => this.#later(() => this.#onControl(frames)),
      },
    );
    this.#data = await transport.dealer(
      { address: addresses.data, peer: this.peer, maxFrameBytes: 1 << 24 },
      {
        ...quiet,
        onConnected: this.#awake(() => {
          this.#connections++;
          this.#attach();
        }),
        onMessage: (frames) => this.#later(() => this.#onData(frames)),
      },
    );
    this.#beat();
  }

  /** SIGTERM. */
  leave(): void {
    this.#send({ type: 'LEAVE', reason: 'asked to leave', failed: false });
    this.#end('asked to leave', true);
  }

  /** Vanishes: the network does the rest. */
  die(): void {
    this.#takeAlong();
    this.#ended = true;
    this.host.die();
  }

  /** Whoever is gone is never compared: what its damage did to the sums stays in them. */
  #takeAlong(): void {
    if (this.damaged) this.options.onUnnoticed?.();
  }

  /** Holds a state and takes part. */
  get isLevel(): boolean {
    return this.#holds && !this.#source && !this.#ended;
  }

  /** A cosmic ray. */
  flipBit(): void {
    this.damaged = true;
    this.replica.params[0]! += 1e-3;
  }

  #end(reason: string, completed: boolean): void {
    this.#takeAlong();
    this.#ended = true;
    void this.#control?.close();
    void this.#data?.close();
    this.options.onEnd?.(reason, completed);
  }

  #later(action: () => void): void {
    if (!this.#ended) action();
  }

  #awake(action: () => void): () => void {
    return () => this.#later(action);
  }

  #after(ms: number, action: () => void): void {
    this.host.clock.after(ms, () => this.#later(action));
  }

  #beat(): void {
    const { globalStep } = this.replica;
    this.#send({ type: 'HEARTBEAT', generation: this.#generation, globalStep, progress: 0 });
    this.#after(this.options.heartbeatMs, () => this.#beat());
  }

  #send(message: ControlMessage): void {
    if (!this.#ended) this.#control?.send([encodeControl(message)]);
  }

  #attach(): void {
    this.#data?.send(
      encodeFrame({ kind: FrameKind.attach, run: this.options.run, connection: this.#connections }),
    );
  }

  #onConnected(): void {
    const { workerId } = this.options;
    if (this.#prepared) this.#hello();
    else this.#send({ type: 'JOIN', workerId, host: workerId, pid: this.options.incarnation });
  }

  #onControl(frames: Uint8Array[]): void {
    const message = decodeControl(frames, 'fromCoordinator');
    switch (message.type) {
      case 'RUN':
        return this.#after(this.options.prepareMs, () => {
          this.#prepared = true;
          this.#hello();
        });
      case 'HELLO_AGAIN':
        if (message.forget) {
          this.#forget();
          this.damaged = false;
        }
        return this.#prepared ? this.#hello() : this.#onConnected();
      case 'WELCOME':
        return this.#onWelcome(message);
      case 'STATE':
        return this.#onState(message);
      case 'STATE_REQUEST':
      case 'CHECKPOINT_REQUEST':
      case 'EVALUATE':
        this.#requests.push(message);
        return this.#work();
      case 'STEP_BEGIN':
        for (const run of message.runs) this.#leases.push({ ...message, run });
        return this.#work();
      case 'STEP_ABORT':
        return this.#onAbort(message);
      case 'STEP_COMMIT':
        this.#commits.set(message.globalStep, message);
        return this.#work();
      case 'COMMITS_REQUEST':
        return this.#send({ type: 'COMMITS', lines: this.#remembered(message.from) });
      case 'REJECT':
        return this.#end(message.reason, false);
      case 'SHUTDOWN':
        return this.#end(message.reason, message.completed);
    }
  }

  #remembered(from: number): string[] {
    return this.#memory.filter(({ globalStep }) => globalStep >= from).flatMap(({ lines }) => [...lines]);
  }

  #hello(): void {
    const { model, workerId, facts, incarnation } = this.options;
    const layout = LAYOUT(model);
    const lastLine = this.#memory.at(-1)?.lines.at(-1);
    const lineHash = lastLine === undefined ? null : createHash('sha256').update(lastLine).digest('hex');
    const { globalStep } = this.replica;
    this.#source = undefined;
    this.#leases = [];
    this.#attach();
    this.#send({
      type: 'HELLO',
      workerId,
      host: workerId,
      pid: incarnation,
      ...facts,
      layout: layout.entries.map(({ name, shape }) => ({ name, shape: [...shape] })),
      layoutHash: layout.hash,
      datasetSize: 100,
      engine: { kind: 'wasm', version: '1', device: 'model', threads: 1 },
      held: this.#holds ? { globalStep, lineHash } : null,
    });
  }

  #forget(): void {
    this.#holds = false;
    this.#memory = [];
  }

  #onWelcome({ generation, state }: MessageOf<'WELCOME'>): void {
    this.#generation = generation;
    this.#source = state;
    this.#leases = [];
    this.#requests = [];
    this.#incoming = undefined;
    this.#early = this.#early.filter(
      ({ header }) => state.from === 'peer' && header.transfer === state.transfer,
    );
    this.#commits.clear();
    for (const root of this.#roots.values()) dropOlder(root, generation);
    if (state.from !== 'held') this.#forget();
    if (state.from === 'held') this.#ready();
    if (state.from === 'seed') this.#load(new Replica(this.options.model).state());
    if (state.from !== 'checkpoint') return;
    void this.#readCheckpoint(state);
  }

  async #readCheckpoint(source: MessageOf<'WELCOME'>['state']): Promise<void> {
    const { globalStep } = source;
    const loaded = await this.options.store?.load(globalStep).catch(() => undefined);
    if (this.#source !== source) return;
    if (loaded) this.#load(loaded.snapshot.state);
    else this.#send({ type: 'STATE_REQUEST', transfer: 0, globalStep });
  }

  #load(state: TrainState, fingerprint: string | null = null): void {
    if (this.damaged) this.options.onUnnoticed?.();
    this.damaged = fingerprint !== null && this.options.damagedStates?.has(fingerprint) === true;
    this.replica.load(state);
    this.options.onState?.(this.replica);
    this.#ready();
  }

  #ready(): void {
    this.#source = undefined;
    this.#holds = true;
    this.#applyAll();
    const fingerprint = fingerprintText(this.replica.fingerprint());
    this.#send({ type: 'READY', globalStep: this.replica.globalStep, fingerprint });
    this.#work();
  }

  #onState(message: MessageOf<'STATE'>): void {
    if (this.#source?.globalStep !== message.globalStep) return;
    this.#incoming = new StateReceiver(message.transfer);
    this.#incoming.announce(message);
    const early = this.#early.filter(({ header }) => header.transfer === message.transfer);
    this.#early = [];
    for (const frame of early) this.#takeState(frame);
  }

  #onData(frames: Uint8Array[]): void {
    const frame = decodeFrame(frames, this.options.run);
    const { header, payload } = frame;
    if (isFrame(frame, FrameKind.state)) return this.#takeState(frame);
    if (header.kind !== FrameKind.root && header.kind !== FrameKind.rootImages) return;
    if (header.generation < this.#generation) return;
    let root = this.#roots.get(header.globalStep);
    if (!root) {
      root = { buckets: new Map(), images: undefined };
      this.#roots.set(header.globalStep, root);
    }
    const { generation } = header;
    if (header.kind === FrameKind.root)
      root.buckets.set(header.bucket, { generation, values: fromWire(payload, header.dtype) });
    else root.images = { generation, records: decodeImages(payload) };
    this.#work();
  }

  #takeState(frame: DataFrame<StateHeader>): void {
    const incoming = this.#incoming;
    if (incoming?.transfer !== frame.header.transfer) {
      // The planes keep no order between them: it may come before its WELCOME.
      this.#early.push(frame);
      return;
    }
    incoming.add(frame);
    if (!incoming.isWhole) return;
    this.#incoming = undefined;
    this.#load(incoming.state(), incoming.announcement!.fingerprint);
  }

  #onAbort({ globalStep, runs }: MessageOf<'STEP_ABORT'>): void {
    const taken = (run: SlotRun) =>
      runs.length === 0 || runs.some(({ start, end }) => start < run.end && run.start < end);
    this.#leases = this.#leases.filter((lease) => lease.globalStep !== globalStep || !taken(lease.run));
  }

  /** Does whatever can be done now: commits first, then what was asked of this step, then the slots. */
  #work(): void {
    if (!this.#holds || this.#source) return;
    this.#applyAll();
    this.#answer();
    this.#compute();
  }

  #applyAll(): void {
    for (;;) {
      const { replica } = this;
      const commit = this.#commits.get(replica.globalStep);
      const root = this.#roots.get(replica.globalStep);
      if (!commit) return;
      const whole = root?.images !== undefined && root.buckets.size === this.#buckets.length;
      if (!commit.skipped && !whole) return;
      if (commit.skipped) replica.skip();
      else replica.apply(this.#joined(root!), root!.images!.records);
      this.#commits.delete(commit.globalStep);
      this.#roots.delete(commit.globalStep);
      this.#memory.push({ globalStep: commit.globalStep, lines: commit.lines });
      if (this.#memory.length > 64) this.#memory.shift();
      this.options.onState?.(replica);
      if (!commit.fingerprint) continue;
      this.#send({
        type: 'FINGERPRINT',
        globalStep: replica.globalStep,
        value: fingerprintText(replica.fingerprint()),
      });
    }
  }

  #joined({ buckets }: Root): Float32Array {
    const root = new Float32Array(this.options.model.size);
    for (const { index, start } of this.#buckets) root.set(buckets.get(index)!.values, start);
    return root;
  }

  #answer(): void {
    const { globalStep } = this.replica;
    const due = this.#requests.filter((request) => request.globalStep <= globalStep);
    this.#requests = this.#requests.filter((request) => request.globalStep > globalStep);
    for (const request of due) {
      if (request.globalStep < globalStep) continue;
      if (request.type === 'STATE_REQUEST') this.#sendState(request);
      else if (request.type === 'CHECKPOINT_REQUEST') void this.#writeShare(request);
      else
        this.#send({ type: 'EVALUATED', globalStep, weights: request.weights, loss: 1 / (1 + globalStep) });
    }
  }

  async #writeShare({
    transfer,
    globalStep,
    ticket,
    share,
    meta,
  }: MessageOf<'CHECKPOINT_REQUEST'>): Promise<void> {
    const state = this.replica.state();
    const snapshot = { state, layout: LAYOUT(this.options.model), meta };
    const { store } = this.options;
    const written = await (
      store
        ? store.writeShare(ticket, share, snapshot)
        : Promise.reject(new Error('the store is out of reach'))
    ).catch((error: Error) => ({ problem: error.message }));
    this.#send({ type: 'CHECKPOINT_WRITTEN', transfer, globalStep, written });
  }

  #sendState({ transfer }: MessageOf<'STATE_REQUEST'>): void {
    const state = this.replica.state();
    const fingerprint = fingerprintText(this.replica.fingerprint());
    if (this.damaged) this.options.damagedStates?.add(fingerprint);
    this.#send(stateMessage(state, transfer, fingerprint));
    const at = { run: this.options.run, generation: this.#generation, transfer };
    for (const frames of stateFrames(state, at)) this.#sendFrames(frames);
  }

  #sendFrame(header: FrameHeader, payload: ArrayBufferView): void {
    this.#sendFrames(encodeFrame(header, payload));
  }

  #sendFrames(frames: readonly [Uint8Array, Uint8Array]): void {
    if (this.#ended) return;
    this.#data?.send(frames);
  }

  #compute(): void {
    const { globalStep } = this.replica;
    this.#leases = this.#leases.filter((lease) => lease.globalStep >= globalStep);
    if (this.#computing) return;
    const lease = this.#leases.find((one) => one.globalStep === globalStep);
    if (!lease) return;
    this.#leases.splice(this.#leases.indexOf(lease), 1);
    this.#computing = true;
    this.#after((lease.run.end - lease.run.start) * this.options.slotMs(), () => {
      this.#computing = false;
      if (this.#holds && this.replica.globalStep === lease.globalStep) this.#contribute(lease);
      this.#work();
    });
  }

  #contribute({
    generation,
    globalStep,
    run,
  }: {
    generation: number;
    globalStep: number;
    run: SlotRun;
  }): void {
    for (const { node, sum, images } of this.replica.partials(run.start, run.end)) {
      const at = { run: this.options.run, generation, globalStep, ...node };
      for (const { index: bucket, start, end } of this.#buckets) {
        const { dtype, payload } = toWire(sum.subarray(start, end), this.options.model.wireDtype);
        this.#sendFrame({ kind: FrameKind.partial, dtype, ...at, bucket, count: end - start }, payload);
      }
      this.#sendFrame({ kind: FrameKind.partialImages, ...at, count: images.t.length }, encodeImages(images));
    }
  }
}

/** Parts of older generations may be of another past. */
function dropOlder(root: Root, floor: number): void {
  for (const [bucket, { generation }] of root.buckets) if (generation < floor) root.buckets.delete(bucket);
  if (root.images && root.images.generation < floor) root.images = undefined;
}
