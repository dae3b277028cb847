import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Picture {
  readonly name: string;
  readonly globalStep: number;
  readonly png: Uint8Array;
}

const NAME = /^step-(\d{8,})\.png$/;
/** The last chunk of a PNG: without it the file is being written still. */
const END = Buffer.from('IEND\u00aeB`\u0082', 'latin1');

/** The grids of a run, whole ones, that are not among `known`. */
export function newPictures(directory: string, known: ReadonlySet<string>): Picture[] {
  return namesIn(directory).flatMap((name) => {
    const step = NAME.exec(name)?.[1];
    if (step === undefined || known.has(name)) return [];
    const png = readFileSync(join(directory, name));
    return png.subarray(-END.length).equals(END) ? [{ name, globalStep: Number(step), png }] : [];
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    return [];
  }
}
