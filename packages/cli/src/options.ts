import { homedir } from 'node:os';
import { InvalidArgumentError, Option, type Command } from 'commander';

/** Parsers and options that more than one command takes. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+(e\d+)?$/i.test(text) || !Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('a whole number, 1 or more, is needed.');
  return value;
}

export function nonNegativeInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('a whole number, 0 or more, is needed.');
  }
  return value;
}

/** As people write numbers: neither empty, nor hexadecimal, nor with spaces. */
export const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export function fraction(text: string): number {
  const value = Number(text);
  if (!DECIMAL.test(text) || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('a number from 0 to 1 is needed.');
  return value;
}

/** How many workers a launch starts, and, where it was said, below how many the run is to wait. */
export interface WorkerRange {
  readonly min?: number;
  readonly max: number;
}

/** `4`, `2:8`, or `0`: none of ours. Fewer than `4` is slower and no reason to wait; fewer than the 2 of `2:8` is. */
export function workerRange(text: string): WorkerRange {
  const match = /^(?:(\d+):)?(\d+)$/.exec(text);
  const max = Number(match?.[2]);
  const min = match?.[1] === undefined ? undefined : Number(match[1]);
  if (!match || (min !== undefined && (min < 1 || max < min)))
    throw new InvalidArgumentError('N or MIN:MAX is needed, e.g. 4 or 2:8 (or 0: others start them).');
  return min === undefined ? { max } : { min, max };
}

/** An empty one is most often a variable that is not set, and would mean the working directory. */
export function nonEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('it is empty.');
  return text;
}

export function collect(value: string, all: string[]): string[] {
  return [...all, value];
}

export function jsonOption(): Option {
  return new Option('--json', 'print one JSON document on stdout');
}

/** `Strictness` from the command line. */
export function addStrictOptions(command: Command): Command {
  return command
    .option('--strict', 'notes on data and settings are errors (packages/core/NOTES.md lists them)')
    .option('--accept <code>', 'with --strict: this note is meant so; may be repeated', collect, []);
}

export function engineOption(): Option {
  return new Option('--engine <kind>', 'what computes').choices(['auto', 'tensorflow', 'wasm']);
}

/** `15s`, `500ms`, `10m`, `2h`: milliseconds. */
export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const value = Number(match?.[1]) * units[match?.[2] as keyof typeof units];
  if (!(value > 0)) throw new InvalidArgumentError('a time is needed, e.g. 500ms, 15s, 10m or 2h.');
  return value;
}

/** An argument with the home directory for `~`, which a shell leaves alone behind `--out=`. */
export function expandHome(argument: string): string {
  return argument.replace(/^(--[a-z-]+=)~(?=\/)/, (_, flag: string) => flag + homedir());
}
