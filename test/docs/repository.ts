import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { declaredIn, type Repository } from './mentions.js';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Files that are there; git lists them, so that what was built is not among them. Undefined outside a checkout. */
export function tracked(): string[] | undefined {
  try {
    const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' })
      .split('\0')
      .filter(Boolean);
  } catch {
    return undefined;
  }
}

export function repositoryOf(paths: readonly string[]): Repository {
  const texts = paths.filter((path) => /\.(ts|mjs|cc|h)$/.test(path)).map(readOrNothing);
  const manifests = paths.filter((path) => /(^|\/)package\.json$/.test(path));
  const scripts = manifests.flatMap((path): [string, Set<string>][] => {
    const { name, scripts = {} } = JSON.parse(read(path)) as { name: string; scripts?: object };
    const names = new Set(Object.keys(scripts));
    return [
      [name, names],
      [path.slice(0, -'package.json'.length) || '.', names],
    ];
  });
  return {
    paths,
    declared: new Set(texts.flatMap(declaredIn)),
    text: texts.join('\n'),
    scripts: new Map(scripts),
  };
}

/** A tracked file may have been deleted in the working tree. */
function readOrNothing(path: string): string {
  try {
    return read(path);
  } catch {
    return '';
  }
}

/** The documents that name code, each with the directory whose files it may name without a path from the root. */
export function documents(paths: readonly string[]): (readonly [path: string, home: string])[] {
  const readmes = paths.filter((path) => /^packages\/[\w-]+\/(README|PROTOCOL)\.md$/.test(path));
  return ['ARCHITECTURE.md', ...readmes].map((path) => [path, path.slice(0, path.lastIndexOf('/') + 1)]);
}
