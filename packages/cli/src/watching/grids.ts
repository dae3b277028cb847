import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPaths } from '@ddpm-fleet/config';
import type { Picture } from '@ddpm-fleet/report';

const GRID = /^step-\d{8,}\.png$/;

/** The newest grids of a run, oldest of them first. */
export function newestGrids(dir: string, count: number): Picture[] {
  const { samples } = runPaths(dir);
  return namesIn(samples)
    .filter((name) => GRID.test(name))
    .toSorted()
    .slice(-count)
    .map((name) => ({ name: name.replace('.png', ''), png: readFileSync(join(samples, name)) }));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
