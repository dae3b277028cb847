import { decodeImages, FrameKind, placedBytes, type DataFrame } from '@ddpm-fleet/protocol';
import { nodeKey } from '@ddpm-fleet/core';
import type { SharedMemory } from '@ddpm-fleet/engine/segments';
import type { Logger } from 'pino';
import type { EffectOf } from '../machine/index.js';
import type { Reducer, ReducerHandlers, ReducerOptions } from '../reducer/reducer.js';
import type { CostMeter } from './costs.js';
import type { Emit } from './emit.js';
import { ImageBoard, type BoardOptions } from './imageBoard.js';
import { Roots } from './roots.js';
import { Sharing } from './sharing.js';
import type { Wire } from './wire.js';

export interface SumsOptions extends BoardOptions, ReducerOptions {
  readonly run: bigint;
  /** Steps between digests; 0: none. */
  readonly digestEvery: number;
  /** Of a whole sum, in the wire's dtype. */
  readonly sumBytes: number;
  /** Absent where payloads always go through sockets. */
  readonly memory?: SharedMemory;
  readonly log: Logger;
}

/** The sums of the step in progress: parts go to the reducer as they come, finished buckets to the fleet. */
export class Sums {
  readonly #options: SumsOptions;
  readonly #wire: Wire;
  readonly #emit: Emit;
  readonly #costs: CostMeter;
  readonly #reducer: Reducer;
  readonly #roots: Roots;
  #board: ImageBoard;

  constructor(
    options: SumsOptions,
    wire: Wire,
    emit: Emit,
    costs: CostMeter,
    makeReducer: (options: ReducerOptions, handlers: ReducerHandlers) => Reducer,
  ) {
    this.#options = options;
    this.#wire = wire;
    this.#emit = emit;
    this.#costs = costs;
    this.#board = new ImageBoard(0, options);
    const { numSlots, buckets, wireDtype, bucketBytes } = options;
    const reducerOptions = { numSlots, buckets, wireDtype, bucketBytes };
    this.#reducer = makeReducer(reducerOptions, this.#handlers());
    wire.sharing = this.#sharing();
    this.#roots = new Roots(options.run, reducerOptions, wire.sharing);
  }

  begin({ round, globalStep }: EffectOf<'beginRound'>): void {
    const { digestEvery } = this.#options;
    this.#roots.clear();
    this.#board = new ImageBoard(round, this.#options);
    const root = this.#wire.sharing?.nextRoot();
    this.#reducer.begin(round, digestEvery > 0 && globalStep % digestEvery === 0, root);
  }

  reduce({ node }: EffectOf<'reduce'>, frame: DataFrame): void {
    const { header, payload, place } = frame;
    const part = place ? { ...place, sizeBytes: placedBytes(frame) } : payload;
    if (header.kind === FrameKind.partial) this.#reducer.add(this.#board.round, node, header.bucket, part);
    else if (this.#board.add(node, decodeImages(payload))) this.#finishImages();
  }

  send({ to, generation, globalStep, buckets, images }: EffectOf<'sendRoot'>): void {
    for (const bucket of buckets)
      for (const peer of to)
        this.#wire.sendFrame([peer], this.#roots.bucketFrame(peer, generation, globalStep, bucket));
    if (images) this.#wire.sendFrame(to, this.#roots.imagesFrame(generation, globalStep));
  }

  async close(): Promise<void> {
    await this.#reducer.close();
  }

  #sharing(): Sharing | undefined {
    const { memory, sumBytes, log } = this.#options;
    const { segments } = this.#reducer;
    if (!memory || !segments) return undefined;
    const wire = this.#wire;
    return new Sharing({
      memory,
      segments,
      sumBytes,
      log,
      say: (peer, message) => wire.send([peer], message),
    });
  }

  #finishImages(): void {
    const board = this.#board;
    this.#roots.putImages(board.payload(), board.count);
    this.#emit({ type: 'rootImages', round: board.round, ...board.summary() });
  }

  #handlers(): ReducerHandlers {
    return {
      onRoot: (root) => {
        this.#costs.addDigest(root.digestMs);
        if (root.round !== this.#board.round) return;
        this.#roots.put(root);
        const { round, bucket, sha256, sumSquares } = root;
        this.#emit({ type: 'rootBucket', round, bucket, sha256, sumSquares });
      },
      onBad: ({ round, node, bucket }) =>
        this.#emit({ type: 'badPartial', round, node: nodeKey(node), bucket }),
      onError: (error) => this.#emit({ type: 'failed', reason: `the reducer failed: ${error.message}` }),
    };
  }
}
