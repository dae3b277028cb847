import * as tf from '@tensorflow/tfjs-core';
import { fleetError } from '@ddpm-fleet/core';
import { callerOf } from './caller.js';
import type { Output } from './graph/graph.js';
import { KERNELS, type KernelTable, type Lowering } from './kernels/index.js';
import { GROUP_NORM, registerGroupNormGradient } from './native/groupNorm.js';
import { UPDATES } from './native/update.js';
import { RecorderBackend, type Recording } from './recorder.js';

const BACKEND = 'recorder';

const NATIVE_KERNELS: KernelTable = { ...GROUP_NORM, ...UPDATES };

let recorder: RecorderBackend | undefined;

/** Registers the backend and its kernels with tfjs-core, once a process. */
function theRecorder(): RecorderBackend {
  if (recorder) return recorder;
  const created = new RecorderBackend();
  tf.registerBackend(BACKEND, () => created, 0);
  register(created, KERNELS);
  registerGroupNormGradient();
  return (recorder = created);
}

function register(backend: RecorderBackend, kernels: KernelTable): void {
  for (const [kernelName, lowering] of Object.entries(kernels)) {
    const kernelFunc: tf.KernelFunc = (call) => lower(backend, lowering, call);
    tf.registerKernel({ kernelName, backendName: BACKEND, kernelFunc });
  }
}

/** A model asks whether such a kernel is registered before it calls it, so that it is only while it may be used. */
function withNativeKernels<T>(backend: RecorderBackend, { native }: Recording, body: () => T): T {
  if (!native) return body();
  register(backend, NATIVE_KERNELS);
  try {
    return body();
  } finally {
    for (const kernelName of Object.keys(NATIVE_KERNELS)) tf.unregisterKernel(kernelName, BACKEND);
  }
}

function lower(
  backend: RecorderBackend,
  lowering: Lowering,
  call: { inputs: tf.NamedTensorInfoMap; attrs?: tf.NamedAttrMap },
): tf.TensorInfo | tf.TensorInfo[] {
  const { graph, precision, native } = backend.recording;
  const inputs: Record<string, Output> = {};
  for (const [name, info] of Object.entries(call.inputs)) if (info) inputs[name] = backend.outputOf(info);
  const result = lowering({ graph, inputs, attrs: call.attrs ?? {}, precision, native });
  return Array.isArray(result) ? result.map((output) => backend.wrap(output)) : backend.wrap(result);
}

/** Turns tensors of a trace into outputs of its graph and back. */
export interface Tracer {
  tensor(output: Output): tf.Tensor;
  output(tensor: tf.Tensor): Output;
}

/**
 * Runs `body` with tfjs recording into `recording.graph`; tensors that it makes do not outlive it.
 *
 * @throws FleetError DDPM_ERR_ENGINE_OP, DDPM_ERR_ENGINE_TRACE_READ
 */
export function record<T>(recording: Recording, body: (tracer: Tracer) => T): T {
  const backend = theRecorder();
  const outer = tf.getBackend();
  const tracer: Tracer = {
    tensor: (output) => tf.engine().makeTensorFromTensorInfo(backend.wrap(output), backend),
    output: (tensor) => backend.outputOf(tensor),
  };
  switchTo(BACKEND);
  try {
    return withNativeKernels(backend, recording, () =>
      backend.during(recording, () => inScope(() => body(tracer))),
    );
  } catch (error) {
    throw missingKernel(error, recording) ?? error;
  } finally {
    switchTo(outer);
  }
}

/** As tf.tidy, for a body that returns no tensors. */
function inScope<T>(body: () => T): T {
  const engine = tf.engine();
  engine.startScope();
  try {
    return body();
  } finally {
    engine.endScope();
  }
}

/** Backends with synchronous factories are switched to before setBackend's promise resolves. */
function switchTo(backend: string): void {
  if (!backend || tf.getBackend() === backend) return;
  void tf.setBackend(backend);
  if (tf.getBackend() !== backend)
    throw new Error(`tfjs-core did not switch to its backend ${backend} at once`);
}

function missingKernel(error: unknown, { program }: Recording): Error | undefined {
  const op = error instanceof Error && /Kernel '(\w+)' not registered/.exec(error.message)?.[1];
  if (!op) return undefined;
  return fleetError('DDPM_ERR_ENGINE_OP', { op, program, place: callerOf(error) }, { cause: error });
}
