import { NOTES, type NoteCode } from '@ddpm-fleet/core';
import Type from 'typebox';
import { layoutEntry, sha256Hex, slot, step, text } from './fields.js';

/**
 * What the coordinator and a worker that writes a share of a checkpoint tell each other. The types are those of
 * packages/checkpoint (`Ticket`, `SnapshotMeta`, `WrittenShare`): both ends hand them over without a cast, so the
 * compiler holds the two together.
 */

const size = step;
const decay = Type.Number({ minimum: 0, maximum: 1 });
const relativeStd = Type.Number({ exclusiveMinimum: 0, maximum: 1 });
const settings = Type.Record(Type.String(), Type.Unknown());

const noteCodes = Object.keys(NOTES) as NoteCode[];
const note = Type.Object({
  code: Type.Enum(noteCodes),
  values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
  text: text(1 << 16),
});

/** Of `CheckpointStore.openTicket`. */
export const ticket = Type.Object({ globalStep: step, shares: slot, id: text(256) });

/** Where a state comes from. */
export const snapshotMeta = Type.Object({
  runId: text(128),
  createdAt: text(64),
  identity: settings,
  identityHash: sha256Hex,
  datasetHash: sha256Hex,
  dataset: Type.Optional(Type.Object({ name: text(4096), licence: Type.Optional(text(4096)) })),
  notes: Type.Optional(Type.Array(note, { maxItems: 1024 })),
  engine: settings,
  configYaml: text(1 << 20),
  journalHead: Type.Optional(Type.Object({ line: step, hash: sha256Hex })),
  losses: Type.Object({ train: Type.Optional(Type.Number()), heldOut: Type.Optional(Type.Number()) }),
});

const manifestHead = Type.Object({
  globalStep: step,
  digest: sha256Hex,
  layout: Type.Object({ hash: sha256Hex, params: Type.Array(layoutEntry, { maxItems: 65536 }) }),
  emas: Type.Array(decay, { maxItems: 256 }),
  powerEmas: Type.Optional(Type.Array(relativeStd, { maxItems: 256 })),
  derived: Type.Array(Type.Object({ name: text(128), length: size }), { maxItems: 256 }),
  meta: snapshotMeta,
});

const fileRecord = Type.Object({
  path: text(4096),
  part: Type.Union([
    Type.Literal('params'),
    Type.Literal('optimizer'),
    Type.Literal('ema'),
    Type.Literal('derived'),
  ]),
  decay: Type.Optional(decay),
  relativeStd: Type.Optional(relativeStd),
  share: slot,
  sizeBytes: size,
  sha256: sha256Hex,
});

/** What `CheckpointStore.writeShare` returned. */
export const writtenShare = Type.Object({
  share: slot,
  head: manifestHead,
  files: Type.Array(fileRecord, { maxItems: 1024 }),
});

/** Why nothing was written. */
export const writeProblem = Type.Object({ problem: text(4000) });
