import { printable, printableLine, type Note } from '@ddpm-fleet/core';
import { fitLine } from './watching/fitLine.js';

/** One JSON document on stdout; logs go to stderr. Outside of its strings it has no character that would be escaped. */
export function printJson(value: unknown): void {
  process.stdout.write(`${printable(JSON.stringify(value, jsonValue, 2))}\n`);
}

function jsonValue(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

export function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

/** What a person should know but a program that reads stdout should not meet. */
export function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

const COLUMNS = 80;

/** On a terminal: a line that the next one is written over. */
export function rewrite(text: string): void {
  // The last column stays free: some terminals wrap when it is written.
  const columns = (process.stderr.columns || COLUMNS) - 1;
  process.stderr.write(`\r${fitLine(printableLine(text), columns)}\u001b[K`);
}

/** What was noted, a line each. */
export function sayNotes(notes: readonly Note[]): void {
  for (const { text, code } of notes) note(`note: ${text} [${code}]`);
}

/** Rows under a heading, columns aligned; numbers to the right. */
export function printTable(
  heading: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const cells = [heading, ...rows].map((row) => row.map((cell) => printableLine(String(cell))));
  const widths = heading.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const right = heading.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === 'number'));
  for (const row of cells) {
    print(
      row
        .map((cell, i) => (right[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** 1536 -> '1.5 KiB' */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = count > 0 ? Math.min(units.length - 1, Math.floor(Math.log2(count) / 10)) : 0;
  const value = count / 1024 ** power;
  return `${power === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[power]}`;
}

/** 3725 -> '1 h 02 min' */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}
