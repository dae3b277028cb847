import type { Anchor } from './anchor.js';
import type { Finding } from './finding.js';
import { GENESIS, hashLine, parseLine, type JournalLine } from '../server/journalLine.js';

/** A line where it stands in the file, with the number that it must have been written under. */
interface Placed {
  readonly number: number;
  readonly hash: string;
  readonly line: JournalLine | string;
}

export interface ChainAudit {
  /** Lines that can be read, in the order of their numbers. */
  readonly lines: readonly JournalLine[];
  /** sha256 of each line, by number. */
  readonly hashes: ReadonlyMap<number, string>;
  readonly findings: readonly Finding[];
}

/**
 * Reads a journal's lines and finds every way in which they are not those that were written: each line names the hash
 * of the one before it, and `anchors` name the hashes of lines that others have seen.
 * @param texts lines without their line feeds
 */
export function auditChain(texts: readonly string[], anchors: readonly Anchor[]): ChainAudit {
  const placed = place(texts);
  const sorted = placed.toSorted((a, b) => a.number - b.number);
  const unique = sorted.filter(({ number }, i) => sorted[i - 1]?.number !== number);
  const hashes = new Map(unique.map(({ number, hash }) => [number, hash]));
  const findings = [
    ...unreadable(unique),
    ...outOfPlace(placed),
    ...repeated(sorted),
    ...missing(unique),
    ...changed(unique, anchors),
    ...cutOff(hashes, anchors),
  ].toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const lines = unique.map(({ line }) => line).filter((line) => typeof line !== 'string');
  return { lines, hashes, findings };
}

/** A line that continues the chain where it stands has its place, whatever number it calls itself. */
function place(texts: readonly string[]): Placed[] {
  const placed: Placed[] = [];
  let before = { number: -1, hash: GENESIS };
  for (const text of texts) {
    const line = parseLine(text);
    const continues = typeof line === 'string' || line.prev === before.hash;
    const number = continues ? before.number + 1 : line.line;
    before = { number, hash: hashLine(text) };
    placed.push({ ...before, line });
  }
  return placed;
}

function unreadable(lines: readonly Placed[]): Finding[] {
  return lines.flatMap(({ number, line }) =>
    typeof line === 'string' ? [{ kind: 'damaged', line: number, detail: `line ${number}: ${line}` }] : [],
  );
}

/** Two lines in each other's place are told as that; any other disorder by each line that stands too late. */
function outOfPlace(placed: readonly Placed[]): Finding[] {
  const right = placed.toSorted((a, b) => a.number - b.number);
  const findings: Finding[] = [];
  const told = new Set<number>();
  placed.forEach(({ number }, at) => {
    const belongs = right[at]!.number;
    if (number === belongs || told.has(number)) return;
    const other = right.findIndex((one) => one.number === number);
    const swapped = placed[other]!.number === belongs;
    told.add(number);
    if (swapped) told.add(belongs);
    const [low, high] = [Math.min(number, belongs), Math.max(number, belongs)];
    const detail = swapped
      ? `lines ${low} and ${high} are swapped`
      : `line ${number} stands where line ${belongs} belongs`;
    findings.push({ kind: 'misplaced', line: swapped ? low : number, detail });
  });
  return findings;
}

function repeated(sorted: readonly Placed[]): Finding[] {
  return sorted.flatMap(({ number }, i) =>
    sorted[i - 1]?.number === number
      ? [{ kind: 'repeated', line: number, detail: `line ${number} is there more than once` }]
      : [],
  );
}

function missing(unique: readonly Placed[]): Finding[] {
  return unique.flatMap(({ number }, i) => {
    const first = (unique[i - 1]?.number ?? -1) + 1;
    if (number === first) return [];
    const which = number - first === 1 ? `line ${first} is` : `lines ${first} to ${number - 1} are`;
    return [{ kind: 'missing', line: first, detail: `${which} missing` }];
  });
}

/** Which lines are not what their neighbours, or those who saw them, say that they are. */
function changed(unique: readonly Placed[], anchors: readonly Anchor[]): Finding[] {
  const links = new Links(unique, anchors);
  const blamed = new Set<number>();
  for (const placed of unique) {
    if (links.isBroken(placed)) blamed.add(links.culprit(placed).number);
    else if (callsItselfOtherwise(placed) || links.isFalseBeginning(placed)) blamed.add(placed.number);
  }
  return unique
    .filter(({ number, line }) => blamed.has(number) && typeof line !== 'string')
    .map(({ number }) => ({
      kind: 'changed',
      line: number,
      detail: `line ${number} was changed after it was written`,
    }));
}

/** What lines say of the lines before them. */
class Links {
  readonly #byNumber: ReadonlyMap<number, Placed>;
  /** Hashes that others have seen. */
  readonly #seen: ReadonlyMap<number, string>;

  constructor(unique: readonly Placed[], anchors: readonly Anchor[]) {
    this.#byNumber = new Map(unique.map((placed) => [placed.number, placed]));
    this.#seen = new Map(anchors.map(({ line, hash }) => [line, hash]));
  }

  /** The next line, or somebody who saw this one, names another hash. */
  isBroken({ number, hash }: Placed): boolean {
    const named = [this.#prevOf(number + 1), this.#seen.get(number)];
    return named.some((one) => one !== undefined && one !== hash);
  }

  /**
   * Of a broken link, this line, which was changed; unless it was seen as it is, or the next link is broken too: then it
   * is the next line, whose naming was changed.
   */
  culprit(placed: Placed): Placed {
    const next = this.#byNumber.get(placed.number + 1);
    const isVouchedFor = this.#seen.get(placed.number) === placed.hash;
    return next && (isVouchedFor || this.isBroken(next)) ? next : placed;
  }

  isFalseBeginning({ number }: Placed): boolean {
    return number === 0 && (this.#prevOf(0) ?? GENESIS) !== GENESIS;
  }

  #prevOf(number: number): string | undefined {
    const line = this.#byNumber.get(number)?.line;
    return typeof line === 'object' ? line.prev : undefined;
  }
}

function callsItselfOtherwise({ number, line }: Placed): boolean {
  return typeof line === 'object' && line.line !== number;
}

function cutOff(hashes: ReadonlyMap<number, string>, anchors: readonly Anchor[]): Finding[] {
  const last = Math.max(-1, ...hashes.keys());
  const [furthest] = anchors.filter(({ line }) => line > last).toSorted((a, b) => b.line - a.line);
  if (!furthest) return [];
  const end = last < 0 ? 'it is empty' : `it ends with line ${last}`;
  const detail = `the tail is cut off: ${furthest.source} knows line ${furthest.line}, but ${end}`;
  return [{ kind: 'cutOff', line: last + 1, detail }];
}
