import { readFileSync } from 'node:fs';
import convict from 'convict';
import { fleetError } from '@ddpm-fleet/core';
import { LineCounter, type Document } from 'yaml';
import { registerFormats } from './formats.js';
import { hintFor } from './hint.js';
import { convictSchema, envName, LEAVES } from './schema.js';
import { asTyped } from './asTyped.js';
import { checkTogether } from './together.js';
import { settleBatch } from './batch.js';
import { settleEma } from './ema.js';
import type { RunConfig } from './types.js';
import { readYaml, type YamlProblem } from './yaml.js';

registerFormats();

export interface LoadOptions {
  /** YAML file; absent: defaults, environment and `set` alone. */
  readonly file?: string;
  /** YAML instead of a file, e.g. as a checkpoint carries it. */
  readonly yaml?: string;
  /** `path=value` pairs, the value read as YAML; they win over everything else. */
  readonly set?: readonly string[];
  /** Settings as plain data, nested as in a file; `place` says where they come from. */
  readonly tree?: { readonly settings: unknown; readonly place: string };
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * The resolved, frozen run: defaults, then the file, then the environment (`DDPM_...`), then `set`.
 * @throws DDPM_ERR_CONFIG_MISSING, _SYNTAX, _TEXT, _UNKNOWN_KEY, _VALUE: each names file, line and setting
 */
export function loadConfig({ file, yaml, tree, set = [], env = process.env }: LoadOptions): RunConfig {
  const given: Given[] = [
    ...(file === undefined ? [] : givenBy(readText(file), file)),
    ...(yaml === undefined ? [] : givenBy(yaml, 'the recorded config')),
    ...(tree ? givenByTree(tree) : []),
    ...givenByEnvironment(env),
    ...set.map(givenByFlag),
  ];
  const config = allAtOnce(given) ?? oneByOne(given);
  const ranks = new Map(given.map(({ path, rank }) => [path, rank]));
  const resolved = config.getProperties() as RunConfig;
  const rankOf = (path: string): number => ranks.get(path) ?? 0;
  const batch = settleBatch(resolved.batch, rankOf);
  const settled = { ...resolved, batch, ema: settleEma(resolved.ema, batch.globalBatchSize, rankOf) };
  checkTogether(settled);
  return freeze(settled);
}

/** A setting somebody gave; a higher rank wins. */
interface Given {
  readonly path: string;
  readonly value: unknown;
  readonly place: string;
  readonly rank: number;
}

function givenBy(text: string, file: string): Given[] {
  const lines = new LineCounter();
  const { document, value: root } = readFileYaml(text, file, lines);
  return leavesOf(root ?? {}).map(({ path, keys, value }) => {
    return { path, value, place: `${file}:${lineOf(document, lines, keys)}`, rank: 1 };
  });
}

function givenByTree({ settings, place }: NonNullable<LoadOptions['tree']>): Given[] {
  return walk(settings, [], 0).map(({ path, value }) => ({ path, value, place, rank: 1 }));
}

function givenByEnvironment(env: NodeJS.ProcessEnv): Given[] {
  return [...LEAVES.keys()].flatMap((path) => {
    const text = env[envName(path)];
    if (text === undefined) return [];
    const place = `the environment (${envName(path)})`;
    return [{ path, value: readValue(path, text, place), place, rank: 2 }];
  });
}

function givenByFlag(pair: string): Given {
  const [path, value] = splitPair(pair);
  return { path, value: readValue(path, value, '--set'), place: '--set', rank: 3 };
}

function readFileYaml(text: string, file: string, lines: LineCounter): ReturnType<typeof readYaml> {
  try {
    return readYaml(text, lines);
  } catch (problem) {
    const { line, message } = problem as YamlProblem;
    throw fleetError('DDPM_ERR_CONFIG_SYNTAX', { file, line, detail: message });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw fleetError(
      'DDPM_ERR_CONFIG_MISSING',
      { file, reason: (cause as NodeJS.ErrnoException).code },
      { cause },
    );
  }
}

interface FileLeaf {
  readonly path: string;
  readonly keys: readonly string[];
  readonly value: unknown;
}

/** The settings of a file: nested as in `configs/`, or under `identity` and `operational` as a run writes them. */
function leavesOf(root: unknown): FileLeaf[] {
  const parts = ['identity', 'operational'];
  const recorded = isMap(root) && Object.keys(root).every((key) => parts.includes(key));
  return recorded ? Object.entries(root).flatMap(([part, tree]) => walk(tree, [part], 1)) : walk(root, [], 0);
}

function walk(node: unknown, keys: readonly string[], skip: number): FileLeaf[] {
  const path = keys.slice(skip).join('.');
  if (!isMap(node) || LEAVES.has(path)) return [{ path, keys, value: node }];
  return Object.entries(node).flatMap(([key, value]) => walk(value, [...keys, key], skip));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function lineOf(document: Document, lines: LineCounter, keys: readonly string[]): number {
  const node = keys.length
    ? (document.getIn(keys, true) as { range?: [number, number, number] } | undefined)
    : undefined;
  return node?.range ? lines.linePos(node.range[0]).line : 1;
}

/** All of them checked together, which is fast: undefined where one of them is wrong. */
function allAtOnce(given: readonly Given[]): convict.Config<RunConfig> | undefined {
  const config = convict<RunConfig>(convictSchema(), { env: {}, args: [] });
  try {
    if (!given.every(({ path }) => LEAVES.has(path))) return undefined;
    for (const { path, value } of given) config.set(path, asTyped(path, value));
    config.validate({ allowed: 'strict' });
    return config;
  } catch {
    return undefined;
  }
}

/** Checked after each, so that the one that is wrong can be named. */
function oneByOne(given: readonly Given[]): convict.Config<RunConfig> {
  const config = convict<RunConfig>(convictSchema(), { env: {}, args: [] });
  for (const { path, value, place } of given) assign(config, path, asTyped(path, value), place);
  return config;
}

function assign(config: convict.Config<RunConfig>, path: string, value: unknown, place: string): void {
  if (!LEAVES.has(path)) {
    throw fleetError('DDPM_ERR_CONFIG_UNKNOWN_KEY', {
      place,
      key: path || '(top level)',
      hint: hintFor(path),
    });
  }
  if (isMap(value)) {
    const must = 'must be one value and not settings of its own';
    throw fleetError('DDPM_ERR_CONFIG_VALUE', { place, key: path, must, value: JSON.stringify(value) });
  }
  config.set(path, value);
  const format = LEAVES.get(path)!.format;
  try {
    config.validate({ allowed: 'strict' });
  } catch (cause) {
    const must =
      typeof format === 'string'
        ? (cause as Error).message.replace(/^.*?: /s, '').replace(/: value was[\s\S]*$/, '')
        : `must be one of ${format.join(', ')}`;
    throw fleetError(
      'DDPM_ERR_CONFIG_VALUE',
      { place, key: path, must, value: JSON.stringify(value) },
      { cause },
    );
  }
}

function readValue(path: string, text: string, place: string): unknown {
  const format = LEAVES.get(path)?.format;
  if (format === 'text' || format === 'name') return text;
  try {
    return readYaml(text).value;
  } catch (problem) {
    throw fleetError('DDPM_ERR_CONFIG_TEXT', { place, key: path, detail: (problem as Error).message });
  }
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at < 1) throw fleetError('DDPM_ERR_CONFIG_SET', { pair });
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function freeze<T extends object>(value: T): T {
  for (const child of Object.values(value))
    if (typeof child === 'object' && child !== null) freeze(child as object);
  return Object.freeze(value);
}
