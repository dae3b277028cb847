import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A file or function that is longer than `limits` allow. */
export interface Oversize {
  readonly path: string;
  /** What is too long and by how much, in the linter's words. */
  readonly detail: string;
}

export interface Limits {
  readonly fileLines: number;
  readonly functionLines: number;
}

/** House limits: what is over the budget is a question for review, what is over the hard limit fails. */
export const BUDGET: Limits = { fileLines: 200, functionLines: 30 };
export const HARD: Limits = { fileLines: 300, functionLines: 50 };

/** Measured by oxlint, whose parser knows where a function ends. @param paths from `root`, files or directories */
export function oversizes(
  root: string,
  paths: readonly string[],
  { fileLines, functionLines }: Limits,
): Oversize[] {
  const directory = mkdtempSync(join(tmpdir(), 'ddpm-sizes-'));
  try {
    const config = join(directory, 'sizes.json');
    const rules = {
      'max-lines': ['error', { max: fileLines }],
      'max-lines-per-function': ['error', { max: functionLines }],
    };
    writeFileSync(config, JSON.stringify({ plugins: [], categories: { correctness: 'off' }, rules }));
    return parse(runOxlint(root, ['-c', config, '--format=json', ...paths]));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** oxlint's exit code says whether it found something; its output says what. */
function runOxlint(root: string, args: readonly string[]): string {
  const bin = join(dirname(createRequire(import.meta.url).resolve('oxlint/package.json')), 'bin', 'oxlint');
  try {
    return execFileSync(process.execPath, [bin, ...args], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      stdio: 'pipe',
    });
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (!stdout?.includes('"diagnostics"')) throw error;
    return stdout;
  }
}

function parse(output: string): Oversize[] {
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: { filename: string; message: string; code: string }[];
  };
  return diagnostics
    .filter(({ code }) => code.includes('max-lines'))
    .map(({ filename, message }) => ({ path: filename, detail: message }));
}
