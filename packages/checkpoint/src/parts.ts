import {
  emaName,
  profileOf,
  sectionsOf,
  viewOf,
  type EmaProfile,
  type ParamEntry,
  type ParamLayout,
  type Section,
} from '@ddpm-fleet/core';
import { encodeSafetensors, safetensorsSize, type Tensor } from './safetensors/encode.js';
import type { Part } from './manifest.js';
import type { NewFile } from './medium.js';
import type { Snapshot } from './state.js';

export type FloatTensor = Tensor & { readonly values: Float32Array };

/** A file to be written, and what it holds. */
export interface PartFile extends NewFile {
  readonly part: Part;
  readonly profile?: EmaProfile;
}

/**
 * The files of one share of a snapshot. A share is a run of whole tensors, cut by bytes, so that it depends on the
 * layout alone; derived state is small and stands in share 0.
 */
export function partFiles(snapshot: Snapshot, share: number, shares: number): PartFile[] {
  const { state, layout } = snapshot;
  const entries = layout.entries.filter((entry) => shareOf(entry, layout, shares) === share);
  const file = (part: Part, stem: string, tensors: Tensor[], profile?: EmaProfile): PartFile => {
    const metadata = { format: 'pt', globalStep: String(state.globalStep), layoutHash: layout.hash };
    return {
      name: fileName(stem, share, shares),
      part,
      ...(profile && { profile }),
      sizeBytes: safetensorsSize(tensors, metadata),
      chunks: () => encodeSafetensors(tensors, metadata),
    };
  };
  const sections = sectionsOf(state);
  const holds = (part: Part): Tensor[] =>
    sections.filter(({ key }) => key.part === part).flatMap((section) => tensorsOf(section, entries));
  return [
    file('params', 'params', holds('params')),
    file('optimizer', 'optimizer', holds('optimizer')),
    ...sections.flatMap((section) => {
      const { key, name } = section;
      return key.part === 'ema' ? [file('ema', name, tensorsOf(section, entries), profileOf(key))] : [];
    }),
    ...(share === 0 && state.derived.length > 0 ? [file('derived', 'derived', holds('derived'))] : []),
  ];
}

/** The tensors of a section as a checkpoint names them, of these parameters; derived state is one tensor. */
export function tensorsOf({ key, values }: Section, entries: readonly ParamEntry[]): FloatTensor[] {
  if (key.part === 'derived') return [{ name: key.name, shape: [values.length], values }];
  const prefix = key.part === 'optimizer' ? `${key.moment}/` : '';
  return entries.map((entry) => ({
    name: prefix + entry.name,
    shape: entry.shape,
    values: viewOf(values, entry),
  }));
}

/** Names of every file of a checkpoint written in `shares` shares. */
export function expectedFiles(emas: readonly EmaProfile[], hasDerived: boolean, shares: number): string[] {
  const stems = ['params', 'optimizer', ...emas.map(emaName)];
  const names = stems.flatMap((stem) => Array.from({ length: shares }, (_, i) => fileName(stem, i, shares)));
  return hasDerived ? [...names, fileName('derived', 0, shares)] : names;
}

function fileName(stem: string, share: number, shares: number): string {
  if (shares === 1) return `${stem}.safetensors`;
  const five = (n: number): string => String(n).padStart(5, '0');
  return `${stem}-${five(share + 1)}-of-${five(shares)}.safetensors`;
}

function shareOf({ offset, size }: ParamEntry, layout: ParamLayout, shares: number): number {
  return Math.min(shares - 1, Math.floor(((offset + size / 2) * shares) / layout.size));
}
