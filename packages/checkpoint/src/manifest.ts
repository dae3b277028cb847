import { createHash } from 'node:crypto';
import { fleetError, makeLayout, type EmaProfile, type ParamLayout } from '@ddpm-fleet/core';
import type { Snapshot, SnapshotMeta } from './state.js';

export const FORMAT = 'ddpm-fleet checkpoint';
/** The second has power averages. What does without them is written as the first, which older releases read. */
export const FORMAT_VERSION = 2;

export type Part = 'params' | 'optimizer' | 'ema' | 'derived';

/** A file of a checkpoint. */
export interface FileRecord {
  /** Relative to the checkpoint, with / between names. */
  readonly path: string;
  readonly part: Part;
  /** Of an exponential average. */
  readonly decay?: number;
  /** Of a power average. */
  readonly relativeStd?: number;
  readonly share: number;
  readonly sizeBytes: number;
  /** hex */
  readonly sha256: string;
}

/** What a checkpoint is, apart from the files that hold it. */
export interface ManifestHead {
  readonly globalStep: number;
  /** See `checkpointDigest`. */
  readonly digest: string;
  readonly layout: {
    readonly hash: string;
    readonly params: readonly { readonly name: string; readonly shape: readonly number[] }[];
  };
  /** Decays of the exponential averages, ascending. */
  readonly emas: readonly number[];
  /** Widths of the power averages, ascending; absent where there are none. */
  readonly powerEmas?: readonly number[];
  readonly derived: readonly { readonly name: string; readonly length: number }[];
  readonly meta: SnapshotMeta;
}

export interface Manifest extends ManifestHead {
  readonly format: typeof FORMAT;
  readonly formatVersion: number;
  readonly files: readonly FileRecord[];
}

/** A checkpoint as far as it is known without reading its tensors. */
export interface CheckpointInfo {
  readonly name: string;
  readonly globalStep: number;
  readonly isLatest: boolean;
  /** Why it cannot be used: names the file. */
  readonly problem?: string;
  /** Absent where it cannot be read. */
  readonly manifest?: Manifest;
  readonly sizeBytes: number;
}

export function manifestHead({ state, layout, meta }: Snapshot, digest: string): ManifestHead {
  const widths = state.emas.flatMap((ema) => ema.relativeStd ?? []);
  return {
    globalStep: state.globalStep,
    digest,
    layout: { hash: layout.hash, params: layout.entries.map(({ name, shape }) => ({ name, shape })) },
    emas: state.emas.flatMap(({ decay }) => decay ?? []),
    ...(widths.length > 0 && { powerEmas: widths }),
    derived: state.derived.map(({ name, values }) => ({ name, length: values.length })),
    meta,
  };
}

const HASH_KEY = '"manifestSha256"';
const TAIL = /^"manifestSha256": "([0-9a-f]{64})"\n\}\n$/;

/** See `sealed`. */
export function encodeManifest(head: ManifestHead, files: readonly FileRecord[]): Buffer {
  const formatVersion = head.powerEmas ? FORMAT_VERSION : 1;
  return sealed({ format: FORMAT, formatVersion, ...head, files });
}

/** JSON whose last member is the sha256 of all bytes before that member's name. */
export function sealed(manifest: object): Buffer {
  const body = `${JSON.stringify(manifest, null, 1).slice(0, -2)},\n `;
  return Buffer.from(`${body}${HASH_KEY}: "${sha256(Buffer.from(body))}"\n}\n`);
}

/**
 * @param name of the checkpoint, for messages
 * @throws DDPM_ERR_CHECKPOINT_VERSION for a format that this release does not read; an Error that says what is wrong
 *   with a damaged manifest
 */
export function decodeManifest(bytes: Buffer, name: string): Manifest {
  const manifest = unsealed(bytes) as Manifest;
  if (manifest.format !== FORMAT) throw new Error('manifest.json: it is of something else');
  if (manifest.formatVersion !== 1 && manifest.formatVersion !== FORMAT_VERSION) {
    const found = manifest.formatVersion;
    throw fleetError('DDPM_ERR_CHECKPOINT_VERSION', { name, found, supported: `1 to ${FORMAT_VERSION}` });
  }
  for (const { path } of manifest.files) assertInside(path);
  return manifest;
}

/** What `sealed` sealed. @throws Error in words where it is damaged */
export function unsealed(bytes: Buffer): unknown {
  const at = bytes.lastIndexOf(HASH_KEY);
  const stated = at < 0 ? undefined : TAIL.exec(bytes.toString('latin1', at))?.[1];
  if (stated === undefined) throw new Error('manifest.json: it does not end with its hash');
  const found = sha256(bytes.subarray(0, at));
  if (found !== stated) throw new Error(`manifest.json: its sha256 is ${found}, it states ${stated}`);
  return JSON.parse(bytes.toString());
}

/** The hash shows damage, not who wrote it: a checkpoint of somebody else must not have other files read. */
export function assertInside(path: string): void {
  const names = path.split('/');
  if (names.every((name) => /^[^\\\p{Cc}]+$/u.test(name) && name !== '.' && name !== '..')) return;
  throw new Error(`manifest.json: the path ${JSON.stringify(path)} does not lie in the checkpoint`);
}

/** Every average, in the order of a state's. */
export function averagesOf({ emas, powerEmas = [] }: ManifestHead): EmaProfile[] {
  return [...emas.map((decay) => ({ decay })), ...powerEmas.map((std) => ({ relativeStd: std }))];
}

/** The layout that a manifest records; an Error when it is not the one whose hash stands there. */
export function layoutOf(manifest: Pick<Manifest, 'layout'>): ParamLayout {
  const layout = makeLayout(manifest.layout.params);
  if (layout.hash !== manifest.layout.hash)
    throw new Error('manifest.json: the layout is not the one of its hash');
  return layout;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
