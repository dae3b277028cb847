import * as tf from '@tensorflow/tfjs-core';
import { fleetError } from '@ddpm-fleet/core';
import { callerOf } from './caller.js';
import { constantValues, toConstant } from './constants.js';
import type { TensorDType } from './graph/dtype.js';
import type { Graph, Output } from './graph/graph.js';

/** What is being traced, and into which graph. */
export interface Recording {
  readonly graph: Graph;
  /** `module/program`, for messages. */
  readonly program: string;
  readonly precision: 'float32' | 'bfloat16';
  /** The graph may use the addon's own operations (packages/engine/native). */
  readonly native: boolean;
}

/** What a recorded tensor of tfjs stands for. */
interface Recorded {
  readonly output: Output;
  refCount: number;
}

/**
 * A tfjs backend that computes nothing: each kernel appends nodes to a graph. tfjs-core's autodiff runs on top of it,
 * so that gradients are recorded like everything else.
 */
export class RecorderBackend extends tf.KernelBackend {
  readonly #data: tf.DataStorage<Recorded>;
  #recording: Recording | undefined;

  constructor() {
    super();
    this.#data = new tf.DataStorage(this, tf.engine());
  }

  /** Runs `body` with its kernel calls going to `recording`. */
  during<T>(recording: Recording, body: () => T): T {
    const outer = this.#recording;
    this.#recording = recording;
    try {
      return body();
    } finally {
      this.#recording = outer;
    }
  }

  get recording(): Recording {
    if (!this.#recording) throw new Error('a tensor of a trace was used after the trace had ended');
    return this.#recording;
  }

  wrap(output: Output): tf.TensorInfo {
    const dataId = {};
    this.#data.set(dataId, { output, refCount: 1 });
    return { dataId, shape: [...output.shape], dtype: output.dtype as TensorDType };
  }

  outputOf(info: tf.TensorInfo): Output {
    return this.#data.get(info.dataId).output;
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    const dataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    id: tf.DataId,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    const output = this.recording.graph.constant(toConstant(values, shape, dtype));
    this.#data.set(id, { output, refCount });
  }

  override readSync(dataId: tf.DataId): tf.BackendValues {
    const { node, dtype, shape } = this.#data.get(dataId).output;
    const value = node.attrs['value'];
    if (node.op === 'Const' && value && 'tensor' in value) return constantValues(value.tensor);
    throw fleetError('DDPM_ERR_ENGINE_TRACE_READ', {
      what: `a ${dtype} tensor of shape [${shape.join()}]`,
      program: this.recording.program,
      place: callerOf(new Error()),
    });
  }

  override read(dataId: tf.DataId): Promise<tf.BackendValues> {
    return Promise.resolve(this.readSync(dataId));
  }

  override refCount(dataId: tf.DataId): number {
    return this.#data.has(dataId) ? this.#data.get(dataId).refCount : 0;
  }

  override incRef(dataId: tf.DataId): void {
    this.#data.get(dataId).refCount++;
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    if (!this.#data.has(dataId)) return true;
    const entry = this.#data.get(dataId);
    entry.refCount--;
    if (!force && entry.refCount > 0) return false;
    this.#data.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.#data.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override timerAvailable(): boolean {
    return false;
  }

  override dispose(): void {
    this.#recording = undefined;
  }
}
