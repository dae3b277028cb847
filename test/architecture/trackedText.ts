import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What must not be committed: it is true of one machine only. */
const MACHINE: readonly (readonly [pattern: RegExp, what: string])[] = [
  // The lookbehind lets pages of the web and names of files in containers be.
  [/(?<![\w.:/-])\/(?:home|Users)\/[a-z][\w.-]*\//, 'a home directory'],
  [/(?<![\w.:/-])\/(?:root|work)\/[\w.-]/, 'a directory of one machine'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
];

const REGISTRY = 'https://registry.npmjs.org/';

export interface TrackedText {
  readonly path: string;
  readonly text: string;
}

/** Text files that git tracks; undefined where this is no git checkout. */
export function trackedTexts(root: string): TrackedText[] | undefined {
  let listed: string;
  try {
    listed = execFileSync('git', ['ls-files', '-z'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      stdio: 'pipe',
    });
  } catch {
    return undefined;
  }
  return listed.split('\0').flatMap((path) => {
    const bytes = path && readIfThere(join(root, path));
    return bytes && !bytes.includes(0) ? [{ path, text: bytes.toString('utf8') }] : [];
  });
}

/** One sentence for each place that names this machine, or a registry that others cannot reach. */
export function machinePlaces({ path, text }: TrackedText): string[] {
  const lines = text.split('\n');
  const found = lines.flatMap((line, i) =>
    MACHINE.filter(([pattern]) => pattern.test(line)).map(([, what]) => `${path}:${i + 1} names ${what}`),
  );
  if (!path.endsWith('package-lock.json')) return found;
  const foreign = [...text.matchAll(/"resolved": "(https?:[^"]+)"/g)].filter(
    ([, url]) => !url!.startsWith(REGISTRY),
  );
  return [...found, ...foreign.map(([, url]) => `${path} resolves from ${new URL(url!).host}`)];
}

/** A tracked file may have been deleted in the working tree. */
function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
