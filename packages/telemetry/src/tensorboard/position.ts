import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { BEGINNING, type RunPosition } from '../runFollower.js';

/** How much of a run stands in its event files. */
export interface Position extends RunPosition {
  /** The newest event file, by its name, and its length. */
  readonly file: string;
  readonly bytes: number;
  /** Pictures that are in. */
  readonly pictures: readonly string[];
}

export const NOTHING: Position = { ...BEGINNING, file: '', bytes: 0, pictures: [] };

/** `NOTHING` where the file is not there or not whole: then all is written anew. */
export function readPosition(path: string): Position {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Position>;
    const { journal, measures, bytes, file, pictures } = value;
    const isWhole = [journal, measures, bytes].every((one) => Number.isSafeInteger(one));
    return isWhole && typeof file === 'string' && Array.isArray(pictures) ? (value as Position) : NOTHING;
  } catch {
    return NOTHING;
  }
}

export function writePosition(path: string, position: Position): void {
  writeFileSync(`${path}.next`, JSON.stringify(position));
  renameSync(`${path}.next`, path);
}
