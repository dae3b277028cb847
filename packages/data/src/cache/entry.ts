import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf, type Note } from '@ddpm-fleet/core';
import type { SkippedImage } from '../dataset.js';
import type { SourceSizes } from '../tally.js';

/** Bump when decoding, fitting or these files change: old entries are then not found. */
export const CACHE_FORMAT = 2;

/** What is known of a data set once every image has been decoded: facts.json of a cache entry. */
export interface Facts {
  readonly format: number;
  readonly name: string;
  readonly size: number;
  readonly imageSize: number;
  readonly channels: 1 | 3;
  /** Of the images before they were fitted. */
  readonly sizes: SourceSizes;
  readonly classNames: readonly string[];
  /** Whether any image has a label. */
  readonly isLabelled: boolean;
  readonly unreadableLabels?: { readonly count: number; readonly first: string };
  /** What scanning and decoding the images left out, changed or assumed. */
  readonly notes: readonly Note[];
  readonly hash: string;
  readonly licence?: string;
  /** Broken images left out, with the number of their record. */
  readonly skipped: readonly (SkippedImage & { readonly record: number })[];
  /** images.bin holds the decoded images; otherwise they are decoded at each read. */
  readonly keepsImages: boolean;
  readonly hasIndex: boolean;
}

/** One entry an image; on disk labels.bin and checks.bin, little endian. */
export interface Tables {
  readonly labels: Int32Array | undefined;
  /** CRC-32 of each decoded image: every read is checked against it. */
  readonly checks: Uint32Array;
  /** index.bin: where the reader finds each record, kept with data sets whose images are not. */
  readonly index?: Uint8Array | undefined;
}

export interface CacheEntry {
  readonly facts: Facts;
  readonly tables: Tables;
  /** Directory of the entry; empty for one that was not written. */
  readonly directory: string;
}

export const FACTS = 'facts.json';
export const IMAGES = 'images.bin';
export const LABELS = 'labels.bin';
export const CHECKS = 'checks.bin';
export const INDEX = 'index.bin';

/** facts.json: the facts, and a sha256 over them and the tables. */
export function sealFacts(facts: Facts, tables: Tables): string {
  return JSON.stringify({ facts, seal: sealOf(facts, tables) }, null, 2);
}

/** The entry in `directory`, or undefined where it is missing, of another format or damaged. */
export async function openEntry(directory: string): Promise<CacheEntry | undefined> {
  return readEntry(directory, (name) => readFile(join(directory, name)));
}

/** The entry whose files `read` gives. @throws what `isFatal` says is no reason to make the entry again */
export async function readEntry(
  directory: string,
  read: (name: string) => Promise<Uint8Array>,
  isFatal: (error: unknown) => boolean = () => false,
): Promise<CacheEntry | undefined> {
  try {
    const { facts, seal } = JSON.parse(Buffer.from(await read(FACTS)).toString('utf8')) as {
      facts: Facts;
      seal: string;
    };
    const labels = facts.isLabelled ? wordsOf(await read(LABELS)) : undefined;
    const checks = wordsOf(await read(CHECKS));
    const index = facts.hasIndex ? new Uint8Array(wordsOf(await read(INDEX))) : undefined;
    const tables = { labels: labels && new Int32Array(labels), checks: new Uint32Array(checks), index };
    return seal === sealOf(facts, tables) ? { facts, tables, directory } : undefined;
  } catch (error) {
    if (isFatal(error)) throw error;
    // Whatever is wrong with an entry, making it again is the remedy.
    return undefined;
  }
}

function wordsOf(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

function sealOf(facts: Facts, { labels, checks, index }: Tables): string {
  const hash = createHash('sha256').update(JSON.stringify(facts));
  if (labels) hash.update(bytesOf(labels));
  if (index) hash.update(index);
  return hash.update(bytesOf(checks)).digest('hex');
}
