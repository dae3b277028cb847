import { fleetError } from '@ddpm-fleet/core';
import { distrustAfter, FRESH, HISTORY, trustAlso, type Recovery } from '../machine/index.js';
import type { Files, Tail } from './files.js';
import { hashLine, parseLine, type JournalLine } from './journalLine.js';

/** Enough for the newest commits even of large fleets. */
const TAIL_BYTES = 32 << 20;

const LINE_FEED = 10;

export interface RecoveredJournal extends Recovery {
  /** Of a last line that was not whole. */
  readonly cutBytes: number;
  /** Of the whole lines. */
  readonly sizeBytes: number;
}

/**
 * What the journal of a run says about where it stands. A last line without its line feed was cut off by a crash
 * before anybody was told of it, and is removed.
 * @throws DDPM_ERR_JOURNAL for a line that does not continue the one before it
 */
export function recover(path: string, files: Files, tailBytes = TAIL_BYTES): RecoveredJournal {
  const tail = files.readTail(path, tailBytes);
  if (!tail) return { ...FRESH, cutBytes: 0, sizeBytes: 0 };
  const { start, bytes } = tail;
  const { texts, end } = wholeLines(tail);
  if (end < bytes.length) files.truncate(path, start + end);
  // Asked for only when a line is damaged: it reads the whole file.
  const first = (): number => (start > 0 ? lineFeeds(files, path, start) + 1 : 0);
  const recovery = recoverFurther(FRESH, path, texts, first);
  return { ...recovery, cutBytes: bytes.length - end, sizeBytes: start + end };
}

/** The newest lines of a journal; none where there is none. */
export function newestLines(path: string, files: Files): string[] {
  const tail = files.readTail(path, TAIL_BYTES);
  return tail ? wholeLines(tail).texts : [];
}

/** Lines of which neither end was cut off, and where in `bytes` the last one ends. */
function wholeLines({ start, bytes }: Tail): { texts: string[]; end: number } {
  const end = bytes.lastIndexOf(LINE_FEED) + 1;
  const texts = Buffer.from(bytes.subarray(0, end)).toString('utf8').split('\n').slice(0, -1);
  if (start > 0) texts.shift();
  return { texts, end };
}

/**
 * What the newest lines of a journal say.
 * @throws DDPM_ERR_JOURNAL naming `path`
 */
export function recoverFrom(path: string, texts: readonly string[]): Recovery {
  return recoverFurther(FRESH, path, texts);
}

/**
 * What a journal says once these lines are behind what it said before.
 * @param first number of the first of the lines, where nothing before it is known
 * @throws DDPM_ERR_JOURNAL naming `path`
 */
export function recoverFurther(
  before: Recovery,
  path: string,
  texts: readonly string[],
  first: () => number = () => 0,
): Recovery {
  let recovery = before;
  // Whether it is known which step is next: a tail may begin anywhere.
  let isKnown = before.journal !== null;
  const history = new Map(before.history);
  for (const text of texts) {
    const last = recovery.journal;
    const line = parseLine(text);
    if (last === null && typeof line !== 'string') isKnown ||= line.line === 0;
    const detail = typeof line === 'string' ? line : discontinuity(recovery, isKnown, line);
    if (typeof line === 'string' || detail !== undefined)
      throw fleetError('DDPM_ERR_JOURNAL', { path, line: last ? last.line + 1 : first(), detail });
    const hash = hashLine(text);
    isKnown ||= SAYS_STEP.has(line.kind);
    recovery = { ...follow(recovery, line), journal: { line: line.line, hash } };
    remember(history, line, hash);
  }
  return { ...recovery, history: [...history].slice(-HISTORY) };
}

/** Lines after which it is known where the run stands. */
const SAYS_STEP: ReadonlySet<string> = new Set<JournalLine['kind']>(['step', 'rewind', 'branch']);

function discontinuity(before: Recovery, isKnown: boolean, line: JournalLine): string | undefined {
  const last = before.journal;
  if (last && (line.prev !== last.hash || line.line !== last.line + 1))
    return 'it does not continue the line before it';
  if (isKnown && line.kind === 'step' && line.globalStep !== before.globalStep)
    return `it is of step ${line.globalStep}, and step ${before.globalStep} comes next`;
  return undefined;
}

/** How many lines end within the first `until` bytes. */
function lineFeeds(files: Files, path: string, until: number): number {
  const { bytes } = files.readTail(path, Number.MAX_SAFE_INTEGER)!;
  return bytes.subarray(0, until).reduce((count, byte) => count + Number(byte === LINE_FEED), 0);
}

/** What a line changes. */
function follow(before: Recovery, line: JournalLine): Recovery {
  const generation = 'generation' in line ? Math.max(before.generation, line.generation) : before.generation;
  const after = { ...before, generation };
  switch (line.kind) {
    case 'step':
      return {
        ...after,
        globalStep: line.globalStep + 1,
        brokenOff: true,
        nonFinite: before.nonFinite + (line.skipped === undefined ? 0 : 1),
      };
    case 'start':
    case 'joined':
      return { ...after, deviceKind: line.deviceKind ?? before.deviceKind };
    case 'branch':
      return { ...after, globalStep: line.globalStep };
    case 'rewind':
      return followRewind(after, line);
    case 'fingerprint':
      return followFingerprint(after, line);
    case 'checkpoint':
      return { ...after, trust: trustAlso(before.trust, line.globalStep) };
    case 'heldOut':
      return { ...after, heldOut: { globalStep: line.globalStep, loss: line.loss } };
    case 'end':
      return { ...after, brokenOff: false };
    default:
      return after;
  }
}

function followRewind(before: Recovery, { globalStep, from, distrusted }: LineOf<'rewind'>): Recovery {
  const { agreed } = before;
  const isBefore = agreed ? agreed.globalStep <= globalStep : from > globalStep;
  return {
    ...before,
    globalStep,
    brokenOff: true,
    heldAtMost: FRESH.heldAtMost,
    ...(!isBefore && { agreed: { globalStep, value: null } }),
    ...(distrusted && { trust: distrustAfter(before.trust, globalStep) }),
  };
}

function followFingerprint(before: Recovery, line: LineOf<'fingerprint'>): Recovery {
  const { globalStep, value, differing, trustedUntil } = line;
  if (differing.length === 0) return { ...before, agreed: { globalStep, value } };
  if (trustedUntil === undefined) return before;
  return { ...before, trust: distrustAfter(before.trust, trustedUntil), heldAtMost: trustedUntil };
}

type LineOf<K extends JournalLine['kind']> = Extract<JournalLine, { kind: K }>;

function remember(history: Map<number, string>, line: JournalLine, hash: string): void {
  if (line.kind === 'step') history.set(line.globalStep + 1, hash);
  if (line.kind === 'branch') history.set(line.globalStep, hash);
  if (line.kind !== 'rewind') return;
  for (const step of history.keys()) if (step > line.globalStep) history.delete(step);
}
