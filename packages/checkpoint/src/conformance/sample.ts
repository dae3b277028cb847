import { makeLayout, type ParamLayout } from '@ddpm-fleet/core';
import type { TrainState } from '@ddpm-fleet/core';
import type { Snapshot } from '../state.js';

/** A few parameters of unlike sizes, one of them without elements in common with the cut of any share. */
export const SAMPLE_LAYOUT: ParamLayout = makeLayout([
  { name: 'conv_in/W', shape: [3, 3, 3, 8] },
  { name: 'conv_in/b', shape: [8] },
  { name: 'mid/attn_1/q/W', shape: [8, 8] },
  { name: 'scale', shape: [] },
  { name: 'conv_out/W', shape: [3, 3, 8, 3] },
]);

/**
 * A snapshot that depends on its step and variant alone, so that another process can tell whether what it finds is
 * what was saved. The held-out loss is lowest at step 5.
 */
export function sampleSnapshot(globalStep: number, variant = 'usual', layout = SAMPLE_LAYOUT): Snapshot {
  const flat = (purpose: number, length = layout.size): Float32Array => {
    const key = seedOf(variant) ^ (globalStep << 4) ^ purpose;
    return new Float32Array(length).map((_, i) => Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(key, 0x85ebca6b));
  };
  const state: TrainState = {
    globalStep,
    params: flat(1),
    optimizer: { m: flat(2), v: flat(3) },
    emas: [0.99, 0.9999].map((decay, i) => ({ decay, values: flat(4 + i) })),
    derived: [{ name: 'lossHistory', values: flat(6, 10) }],
  };
  return { state, layout, meta: sampleMeta(globalStep, variant) };
}

/** The same with averages whose profile is a power of the step. */
export function withPowerAverages(snapshot: Snapshot): Snapshot {
  const { state } = snapshot;
  const powers = [0.05, 0.1].map((relativeStd, i) => ({
    relativeStd,
    values: state.params.map((value) => value / (i + 2)),
  }));
  return { ...snapshot, state: { ...state, emas: [...state.emas, ...powers] } };
}

function sampleMeta(globalStep: number, variant: string): Snapshot['meta'] {
  return {
    runId: 'sample',
    createdAt: '2026-01-01T00:00:00.000Z',
    identity: { seed: seedOf(variant), 'model.ch': 8 },
    identityHash: 'a'.repeat(64),
    datasetHash: 'b'.repeat(64),
    engine: { kind: 'none' },
    configYaml: `name: ${variant}\n`,
    journalHead: { line: globalStep, hash: 'c'.repeat(64) },
    losses: { train: 1, heldOut: Math.abs(globalStep - 5) },
  };
}

function seedOf(variant: string): number {
  return Buffer.from(variant.padEnd(4)).readUInt32LE();
}
