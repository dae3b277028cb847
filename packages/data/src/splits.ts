import { fleetError } from '@ddpm-fleet/core';

/**
 * What the words of a name say, as torchvision, ImageNet, MNIST and Hugging Face's `datasets` use them. Everything that
 * knows of splits, in folders, shards, parquet and IDX files, asks this module.
 */
const SPLIT_WORDS: Readonly<Record<string, string>> = {
  ...{ train: 'train', training: 'train', trn: 'train' },
  ...{ validation: 'validation', valid: 'validation', val: 'validation', dev: 'validation' },
  ...{ test: 'test', testing: 'test', t10k: 'test', eval: 'test', evaluation: 'test' },
};

/** Words that may stand beside that of a split and name nothing themselves: `train_images`, `val2017`, `test-set`. */
const FILLERS = new Set([
  'set',
  'data',
  'dataset',
  'split',
  'image',
  'images',
  'img',
  'imgs',
  'pictures',
  'photos',
]);

/** Which parts of a set to take: `data.split`, read. */
export interface WantedSplits {
  /** As it was given. */
  readonly text: string;
  /** `all`: every split, or what has none; `none`: names say nothing of splits. */
  readonly take: ReadonlySet<string> | 'all' | 'none';
  /** A word that only this set uses for one of its splits. */
  readonly ownWords: ReadonlySet<string>;
}

/** Reads `train`, `Val`, `train+validation`, `all`, `none`, or a name of the set's own such as `extra`. */
export function wantedSplits(text: string): WantedSplits {
  const words = text
    .toLowerCase()
    .split('+')
    .map((word) => word.trim());
  if (words.length === 1 && (words[0] === 'all' || words[0] === 'none'))
    return { text, take: words[0], ownWords: new Set() };
  const take = new Set(words.map((word) => SPLIT_WORDS[word] ?? word));
  return { text, take, ownWords: new Set(words.filter((word) => !(word in SPLIT_WORDS))) };
}

/** A path below the root of a set, less what names its split. */
export interface Placed {
  /** undefined where the set has no splits. */
  readonly split?: string;
  readonly names: readonly string[];
}

/**
 * Splits that the folders above images name. A folder called just like a split counts wherever it stands; one that has
 * the word among others (`DIV2K_train_HR`) counts where all images are below such a folder.
 * @param paths for each folder that holds images the names that lead to it from the root of the set
 * @throws DDPM_ERR_DATA_SPLIT where some images are in a split and others in none
 */
export function placeFolders(
  root: string,
  paths: readonly (readonly string[])[],
  wanted: WantedSplits,
): Placed[] {
  const place = (names: readonly string[]): Found | undefined =>
    find(names, wanted, isAlone) ?? find(names, wanted, isAmongOthers);
  const hasSplits = paths.some((names) => find(names, wanted, isAlone)) || severalAmongOthers(paths, wanted);
  if (wanted.take === 'none' || !hasSplits) return paths.map((names) => ({ names }));
  const found = paths.map(
    (names) => place(names) ?? refuseMixed(root, paths, wanted, names.join('/') || '.'),
  );
  return withoutCommonPrefix(
    found.map(({ split, at }, i) => ({ split, names: paths[i]!, at })),
    wanted,
  );
}

/**
 * Splits that the names of archives tell: any word of the file's name or of the folders above it.
 * @param paths for each file its folders below the root and its name without ending
 * @throws DDPM_ERR_DATA_SPLIT where some files name a split and others none
 */
export function placeFiles(
  root: string,
  paths: readonly (readonly string[])[],
  wanted: WantedSplits,
): Placed[] {
  const found = paths.map((names) => find(names.toReversed(), wanted, isAmongOthers)?.split);
  if (wanted.take === 'none' || found.every((split) => split === undefined))
    return paths.map((names) => ({ names }));
  return found.map((split, i) => {
    if (split === undefined) return refuseMixed(root, paths, wanted, paths[i]!.join('/'));
    return { split, names: paths[i]! };
  });
}

/**
 * Whether `data.split` takes a file or image, for each.
 * @param isNamed the user named one file, which says enough: the usual split then takes it, whatever it is called
 * @throws DDPM_ERR_DATA_SPLIT where there is none of what is wanted
 */
export function takeSplit(
  root: string,
  placed: readonly Pick<Placed, 'split'>[],
  { take, text }: WantedSplits,
  isNamed = false,
): boolean[] {
  const there = [...new Set(placed.map(({ split }) => split))].filter((split) => split !== undefined).sort();
  if (take === 'all' || take === 'none') return placed.map(() => true);
  const isUsual = take.size === 1 && take.has('train');
  if (isUsual && (there.length === 0 || isNamed)) return placed.map(() => true);
  const absent = [...take].filter((split) => !there.includes(split));
  if (absent.length === 0) return placed.map(({ split }) => take.has(split!));
  throw noSplit(root, text, absent, there);
}

function noSplit(path: string, text: string, absent: readonly string[], there: readonly string[]): Error {
  const what = `it has no split ${absent.join(', ')} (data.split is ${text})`;
  if (there.length === 0) {
    const remedy = 'Set data.split to train, which takes a set without splits as it is';
    return fleetError('DDPM_ERR_DATA_SPLIT', {
      path,
      problem: `${what}, and no name in it tells of splits`,
      remedy,
    });
  }
  const several = there.length > 1 ? `, to several (${there.join('+')})` : '';
  const remedy = `Set data.split to ${there.join(' or ')}${several}, or to all`;
  return fleetError('DDPM_ERR_DATA_SPLIT', { path, problem: `${what}; it has ${there.join(', ')}`, remedy });
}

/** The split that a single name tells by one of its words, e.g. of `emnist-letters-train-images`. */
export function splitOfName(name: string, wanted: WantedSplits): string | undefined {
  return isAmongOthers(name, wanted);
}

/** Whether a folder's name says nothing but that images are in it. */
export function isFiller(name: string): boolean {
  return wordsOf(name).every((word) => FILLERS.has(word));
}

type Rule = (name: string, wanted: WantedSplits) => string | undefined;

interface Found {
  readonly split: string;
  readonly at: number;
}

function find(names: readonly string[], wanted: WantedSplits, rule: Rule): Found | undefined {
  for (const [at, name] of names.entries()) {
    const split = rule(name, wanted);
    if (split !== undefined) return { split, at };
  }
  return undefined;
}

/** Of `train`, `Val`, `test_images`, `train2017`: nothing else is in the name. */
function isAlone(name: string, wanted: WantedSplits): string | undefined {
  const others = wordsOf(name).filter(
    (word) => !saysSplit(word, wanted) && !FILLERS.has(word) && !/^\d+$/.test(word),
  );
  return others.length === 0 ? isAmongOthers(name, wanted) : undefined;
}

/** Of any name with the word of one split, and not of two. */
function isAmongOthers(name: string, wanted: WantedSplits): string | undefined {
  const splits = new Set(wordsOf(name).flatMap((word) => saysSplit(word, wanted) ?? []));
  return splits.size === 1 ? [...splits][0] : undefined;
}

function saysSplit(word: string, { ownWords }: WantedSplits): string | undefined {
  return Object.hasOwn(SPLIT_WORDS, word) ? SPLIT_WORDS[word] : ownWords.has(word) ? word : undefined;
}

/** `imagenetTrain-00017_HR` -> imagenet, train, 00017, hr */
function wordsOf(name: string): string[] {
  const text = name.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2').toLowerCase();
  return text.match(/t10k|\p{L}+|\p{N}+/gu) ?? [];
}

/** One folder of a word among others is as likely a class (`train station`); two that agree are splits. */
function severalAmongOthers(paths: readonly (readonly string[])[], wanted: WantedSplits): boolean {
  const found = paths.map((names) => find(names, wanted, isAmongOthers)?.split);
  return !found.includes(undefined) && new Set(found).size > 1;
}

/** Drops the folder of the split, those below that repeat it, and those above that all images share. */
function withoutCommonPrefix(
  found: readonly (Found & { names: readonly string[] })[],
  wanted: WantedSplits,
): Placed[] {
  const above = (i: number) => found[i]!.names.slice(0, found[i]!.at).join('/');
  const isShared = found.every((_, i) => above(i) === above(0));
  return found.map(({ split, at, names }) => {
    const below = names.slice(at + 1);
    while (below.length > 0 && isAmongOthers(below[0]!, wanted) === split) below.shift();
    return { split, names: [...(isShared ? [] : names.slice(0, at)), ...below] };
  });
}

function refuseMixed(
  root: string,
  paths: readonly (readonly string[])[],
  wanted: WantedSplits,
  without: string,
): never {
  const example = paths.find((names) => find(names, wanted, isAmongOthers))!.join('/');
  throw fleetError('DDPM_ERR_DATA_SPLIT', {
    path: root,
    problem: `it cannot be told which split all of it belongs to: ${example} names one, ${without} does not`,
    remedy:
      'Name one of its folders with data.path, or set data.split to none to take these names for no splits',
  });
}
