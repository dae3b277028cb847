import * as tf from '@tensorflow/tfjs-core';
import { onHeap } from './heap.js';

/**
 * Sums over axes with a float64 for each, rounded once. The backend's own kernel adds one float32 after the other: of
 * 35 million squares of a gradient it loses 4 %.
 * @param mean divided by the number of elements of each
 */
export function sums(
  backend: unknown,
  x: tf.TensorInfo,
  axes: readonly number[],
  mean: boolean,
): tf.TensorInfo {
  const kept = x.shape.filter((_, axis) => !axes.includes(axis));
  const { out, to, from } = onHeap(backend, x, kept);
  const totals = new Float64Array(to.length);
  addUp(from, totals, mergedAxes(x.shape, axes));
  const count = mean ? from.length / to.length : 1;
  for (let i = 0; i < to.length; i++) to[i] = totals[i]! / count;
  return out;
}

interface Axis {
  size: number;
  summed: boolean;
}

/** Neighbours of one kind as one axis; the last two are there, whatever the shape. */
function mergedAxes(shape: readonly number[], axes: readonly number[]): Axis[] {
  const merged: Axis[] = [];
  shape.forEach((size, axis) => {
    const summed = axes.includes(axis);
    const last = merged.at(-1);
    if (last?.summed === summed) last.size *= size;
    else merged.push({ size, summed });
  });
  while (merged.length < 2) merged.unshift({ size: 1, summed: true });
  return merged;
}

function addUp(from: ArrayLike<number>, totals: Float64Array, axes: readonly Axis[]): void {
  const [rows, columns] = axes.slice(-2) as [Axis, Axis];
  const outer = axes.slice(0, -2);
  const keptBelow = (rows.summed ? 1 : rows.size) * (columns.summed ? 1 : columns.size);
  let at = 0;
  const walk = (axis: number, to: number): void => {
    const here = outer[axis];
    if (!here) {
      addBlock(from, at, totals, to, rows, columns);
      at += rows.size * columns.size;
      return;
    }
    const below = outer
      .slice(axis + 1)
      .reduce((size, { size: own, summed }) => (summed ? size : size * own), keptBelow);
    for (let i = 0; i < here.size; i++) walk(axis + 1, here.summed ? to : to + i * below);
  };
  walk(0, 0);
}

/** One of the two axes is summed, the other is kept. */
function addBlock(
  from: ArrayLike<number>,
  at: number,
  totals: Float64Array,
  to: number,
  rows: Axis,
  columns: Axis,
): void {
  for (let row = 0; row < rows.size; row++) {
    const begin = at + row * columns.size;
    if (columns.summed) {
      let total = 0;
      for (let column = 0; column < columns.size; column++) total += from[begin + column]!;
      totals[to + (rows.summed ? 0 : row)]! += total;
    } else {
      for (let column = 0; column < columns.size; column++) totals[to + column]! += from[begin + column]!;
    }
  }
}
