import { createHash } from 'node:crypto';
import { digestOfBuckets } from '@ddpm-fleet/checkpoint';
import type { Entry, StepEntry } from '../machine/index.js';

/** What the first line names as the line before it. */
export const GENESIS = '0'.repeat(64);

/** A step as the journal keeps it: one digest instead of one a bucket. */
export type JournaledStep = Omit<StepEntry, 'buckets'> & { readonly gradientDigest?: string };

export type JournaledEntry = Exclude<Entry, StepEntry> | JournaledStep;

/** A line of journal.ndjson, parsed. */
export type JournalLine = {
  /** Counts from 0. */
  readonly line: number;
  /** sha256 of the line before, without its line feed. */
  readonly prev: string;
  /** ISO 8601, UTC. */
  readonly at: string;
} & JournaledEntry;

/** sha256 (hex) of a line's text. */
export function hashLine(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function formatLine(line: number, prev: string, at: Date, entry: Entry): string {
  return JSON.stringify({ line, prev, at: at.toISOString(), ...journaled(entry) });
}

function journaled(entry: Entry): JournaledEntry {
  if (entry.kind !== 'step') return entry;
  const { buckets, ...step } = entry;
  if (buckets.some((sha256) => sha256 === '')) return step;
  return { ...step, gradientDigest: digestOfBuckets(buckets.map((sha256) => Buffer.from(sha256, 'hex'))) };
}

/** The line, or what is wrong with it. */
export function parseLine(text: string): JournalLine | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  const { line, prev, kind } = (value ?? {}) as Partial<JournalLine>;
  if (!Number.isSafeInteger(line) || typeof prev !== 'string' || typeof kind !== 'string')
    return 'it is not a journal line';
  return value as JournalLine;
}
