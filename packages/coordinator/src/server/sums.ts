import { decodeImages, FrameKind, type DataFrame } from '@ddpm-fleet/protocol';
import { nodeKey } from '@ddpm-fleet/core';
import type { EffectOf } from '../machine/index.js';
import type { Reducer, ReducerHandlers, ReducerOptions } from '../reducer/reducer.js';
import type { CostMeter } from './costs.js';
import type { Emit } from './emit.js';
import { ImageBoard, type BoardOptions } from './imageBoard.js';
import { Roots } from './roots.js';
import type { Wire } from './wire.js';

export interface SumsOptions extends BoardOptions, ReducerOptions {
  readonly run: bigint;
  /** Steps between digests; 0: none. */
  readonly digestEvery: number;
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
    this.#roots = new Roots(options.run, options.numSlots, options.wireDtype);
    this.#board = new ImageBoard(0, options);
    const { numSlots, buckets, wireDtype } = options;
    this.#reducer = makeReducer({ numSlots, buckets, wireDtype }, this.#handlers());
  }

  begin({ round, globalStep }: EffectOf<'beginRound'>): void {
    const { digestEvery } = this.#options;
    this.#roots.clear();
    this.#board = new ImageBoard(round, this.#options);
    this.#reducer.begin(round, digestEvery > 0 && globalStep % digestEvery === 0);
  }

  reduce({ node }: EffectOf<'reduce'>, { header, payload }: DataFrame): void {
    if (header.kind === FrameKind.partial) this.#reducer.add(this.#board.round, node, header.bucket, payload);
    else if (this.#board.add(node, decodeImages(payload))) this.#finishImages();
  }

  send({ to, generation, globalStep, buckets, images }: EffectOf<'sendRoot'>): void {
    for (const bucket of buckets)
      this.#wire.sendFrame(to, this.#roots.bucketFrame(generation, globalStep, bucket));
    if (images) this.#wire.sendFrame(to, this.#roots.imagesFrame(generation, globalStep));
  }

  async close(): Promise<void> {
    await this.#reducer.close();
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
