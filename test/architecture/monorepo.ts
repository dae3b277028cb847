import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export interface Manifest {
  readonly name: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly exports?: Record<string, unknown>;
}

/** A TypeScript or JavaScript file with the modules it names. */
export interface SourceText {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

export interface Package {
  /** From the root of the repository. */
  readonly directory: string;
  readonly manifest: Manifest;
  /** Directories that its tsconfig.json references, from the root of the repository. */
  readonly references: readonly string[];
  /** What is shipped: src/ and bin/. */
  readonly shipped: readonly SourceText[];
  /** test/ and scripts/. */
  readonly auxiliary: readonly SourceText[];
}

export interface Monorepo {
  readonly root: string;
  readonly manifest: Manifest;
  readonly packages: readonly Package[];
}

export function readMonorepo(root: string): Monorepo {
  const packages = readdirSync(join(root, 'packages'))
    .filter((name) => existsSync(join(root, 'packages', name, 'package.json')))
    .map((name) => readPackage(root, `packages/${name}`));
  return { root, manifest: readJson<Manifest>(join(root, 'package.json')), packages };
}

function readPackage(root: string, directory: string): Package {
  const files = (...parts: string[]) =>
    parts.flatMap((part) => sourcesUnder(root, join(root, directory, part)));
  const tsconfig = readJson<{ references?: { path: string }[] }>(join(root, directory, 'tsconfig.json'));
  return {
    directory,
    manifest: readJson<Manifest>(join(root, directory, 'package.json')),
    references: (tsconfig.references ?? []).map(({ path }) => relative(root, join(root, directory, path))),
    shipped: files('src', 'bin'),
    auxiliary: files('test', 'scripts'),
  };
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

function sourcesUnder(root: string, directory: string): SourceText[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return sourcesUnder(root, path);
    if (!/\.[cm]?[jt]s$/.test(entry.name)) return [];
    const text = readFileSync(path, 'utf8');
    return [{ path: relative(root, path), text, imports: importsOf(text) }];
  });
}

const SPECIFIER = [
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\s*\(\s*['"]([^'"]+)['"]\s*\)/g,
  /\b(?:require|import\.meta)\s*(?:\.\s*resolve\s*)?\(\s*['"]([^'"]+)['"]\s*\)/g,
];

/** Modules that a source names: static and dynamic imports, types included, re-exports and require. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text);
  const named = SPECIFIER.flatMap((pattern) =>
    [...code.matchAll(pattern)].map(([, specifier]) => specifier!),
  );
  // Code that writes code names modules it does not know yet.
  return named.filter((specifier) => /^[@\w.][\w@./:-]*$/.test(specifier));
}

/** Comments that begin a line; a glob in a string looks like the beginning of another kind. */
export function withoutComments(text: string): string {
  return text.replace(/^\s*\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}
