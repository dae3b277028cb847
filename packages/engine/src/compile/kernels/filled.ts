import { toConstant } from '../constants.js';
import { sizeOf, type Output } from '../graph/graph.js';
import type { KernelCall, KernelTable, Lowering } from './kernel.js';

function filled(call: KernelCall, shape: readonly number[], value: number, dtype: string): Output {
  const size = sizeOf(shape);
  const values = new Array<number>(Math.min(size, 16)).fill(value);
  const { bytes } = toConstant(values, [values.length], dtype);
  return call.graph.constant({ dtype: dtype as 'float32', shape, bytes });
}

const range: Lowering = (call) => {
  const { start, stop, step, dtype } = call.attrs as {
    start: number;
    stop: number;
    step: number;
    dtype: string;
  };
  const length = Math.max(0, Math.ceil((stop - start) / step));
  const values = Array.from({ length }, (_, i) => start + i * step);
  return call.graph.constant(toConstant(values, [length], dtype));
};

const linSpace: Lowering = ({ graph, attrs }) => {
  const { start, stop, num } = attrs as { start: number; stop: number; num: number };
  const values = Float32Array.from(
    { length: num },
    (_, i) => start + (i * (stop - start)) / Math.max(1, num - 1),
  );
  return graph.constant(toConstant(values, [num], 'float32'));
};

/** Kernels whose result is known when they are recorded: constants. */
export const FILLED: KernelTable = {
  Fill: (call) =>
    filled(
      call,
      call.attrs['shape'] as number[],
      call.attrs['value'] as number,
      (call.attrs['dtype'] as string) ?? 'float32',
    ),
  LinSpace: linSpace,
  OnesLike: (call) => filled(call, call.inputs['x']!.shape, 1, call.inputs['x']!.dtype),
  Range: range,
  ZerosLike: (call) => filled(call, call.inputs['x']!.shape, 0, call.inputs['x']!.dtype),
};
