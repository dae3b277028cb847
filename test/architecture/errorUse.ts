import type { Monorepo, SourceText } from './monorepo.js';
import { withoutComments } from './monorepo.js';

/** A call `fleetError(code, {...})` in the sources. */
export interface ErrorUse {
  readonly path: string;
  readonly code: string;
  /** Names of the values given; undefined where they are not written out at the call. */
  readonly values: readonly string[] | undefined;
}

export function errorUses({ packages }: Pick<Monorepo, 'packages'>): ErrorUse[] {
  return packages.flatMap(({ shipped }) => shipped).flatMap(usesIn);
}

/** Codes of errors and notes that stand in the sources in any form, the tables themselves left out. */
export function codesNamed({ packages }: Pick<Monorepo, 'packages'>): Set<string> {
  const texts = packages
    .flatMap(({ shipped }) => shipped)
    .filter(({ path }) => !/(errors|notes)\/codes\.ts$/.test(path));
  return new Set(
    texts.flatMap(({ text }) => withoutComments(text).match(/DDPM_(ERR|NOTE)_[A-Z0-9_]+/g) ?? []),
  );
}

function usesIn({ path, text }: SourceText): ErrorUse[] {
  const code = withoutComments(text);
  return [...code.matchAll(/\bfleetError\(\s*'(\w+)'\s*(,\s*\{|\)|,)/g)].map((match) => {
    const [whole, name, next] = match;
    if (next === ')') return { path, code: name!, values: [] };
    if (!next!.endsWith('{')) return { path, code: name!, values: undefined };
    return { path, code: name!, values: keysOf(objectAt(code, match.index + whole.length - 1)) };
  });
}

/** The text between a brace and the one that closes it; braces in strings count like others, and they pair up. */
function objectAt(code: string, start: number): string {
  let depth = 0;
  for (let at = start; at < code.length; at++) {
    if (code[at] === '{') depth++;
    if (code[at] === '}' && --depth === 0) return code.slice(start + 1, at);
  }
  return code.slice(start + 1);
}

/** Keys at the top level of an object literal; undefined where a spread hides some. */
function keysOf(body: string): string[] | undefined {
  if (/(^|,)\s*\.\.\./.test(body)) return undefined;
  let depth = 0;
  let top = '';
  for (const char of body.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, "''")) {
    if ('([{`'.includes(char) && !(char === '`' && depth > 0)) depth++;
    else if (')]}`'.includes(char)) depth--;
    else if (depth === 0) top += char;
  }
  return top
    .split(',')
    .map((part) => part.split(':')[0]!.trim())
    .filter((key) => /^\w+$/.test(key));
}
