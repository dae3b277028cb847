import type { HostArray } from '../engine.js';

/** What is used of the addon that `@tensorflow/tfjs-node-gpu` loads (its src/tfjs_binding.ts). */
export interface TensorFlowBinding {
  createTensor(shape: number[], dtype: number, buffer: HostArray): number;
  deleteTensor(id: number): void;
  executeOp(name: string, attrs: unknown[], inputs: number[], outputs: number): { id: number }[];
  tensorDataSync(id: number): HostArray;
  loadSavedModel(exportDir: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputs: number[], inputNames: string, outputNames: string): { id: number }[];
  getNumOfTensors(): number;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_UINT8: number;
}

export interface Feed {
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly values: HostArray;
}

/** A TensorFlow session on the graph of a SavedModel directory. */
export class Session {
  readonly #binding: TensorFlowBinding;
  readonly #id: number;

  /** @param directory may be removed as soon as this returns */
  constructor(binding: TensorFlowBinding, directory: string) {
    this.#binding = binding;
    this.#id = binding.loadSavedModel(directory, 'serve');
  }

  /**
   * Runs what the fetches need; their values are copies. The fed arrays are read in place: they must not change
   * meanwhile, and are free again when it returns.
   */
  run(feeds: readonly Feed[], fetches: readonly string[]): HostArray[] {
    const ids: number[] = [];
    const fetched: { id: number }[] = [];
    try {
      for (const { shape, values } of feeds) {
        ids.push(this.#binding.createTensor([...shape], this.#dtype(values), values));
      }
      const names = feeds.map(({ tensor }) => tensor).join(',');
      fetched.push(...this.#binding.runSavedModel(this.#id, ids, names, fetches.join(',')));
      return fetched.map(({ id }) => this.#binding.tensorDataSync(id));
    } finally {
      for (const id of ids) this.#binding.deleteTensor(id);
      for (const { id } of fetched) this.#binding.deleteTensor(id);
    }
  }

  close(): void {
    this.#binding.deleteSavedModel(this.#id);
  }

  #dtype(values: HostArray): number {
    if (values instanceof Float32Array) return this.#binding.TF_FLOAT;
    return values instanceof Int32Array ? this.#binding.TF_INT32 : this.#binding.TF_UINT8;
  }
}
