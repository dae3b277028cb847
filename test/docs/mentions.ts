/** What a text names in backticks, code blocks left out. */
export function mentions(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, '');
  return [...new Set([...prose.matchAll(/`([^`\n]+)`/g)].map(([, name]) => name!))];
}

/** What can be named: files, and names that the code of this repository declares or quotes. */
export interface Repository {
  /** Files that git tracks, from the root. */
  readonly paths: readonly string[];
  /** Words that the sources declare as functions, types, fields, messages, settings, variables, ... */
  readonly declared: ReadonlySet<string>;
  /** All sources, for command line flags. */
  readonly text: string;
  /** npm scripts: of the root under `.`, of packages under their names. */
  readonly scripts: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Names of formats, libraries and systems of others, which look as if they were ours. */
const FOREIGN = [
  /^(AWS|DDPM_TEST)_/,
  /^(Float32Array|CUDA_VISIBLE_DEVICES|CXX|DDPM_MODEL_CH)$/,
  // Data sets, as they are published.
  /^(data_batch|test_batch|shard-|train|t10k|ILSVRC\/|data\/validation-)/,
  /^(~|\/|\$|\.\w)/,
];

const FILE = /^[\w./*<>-]+\.(ts|mjs|js|cc|h|py|yaml|txt|md)$/;
const DIRECTORY = /^[\w.-]+(\/[\w.-]+)*\/?$/;
const NAME = /^[A-Za-z_]\w*$/;

/** Why what is named is not there; undefined where it is, or where it looks like no file, function or type of ours. */
export function problemOf(name: string, home: string, repo: Repository): string | undefined {
  if (FOREIGN.some((pattern) => pattern.test(name))) return undefined;
  if (FILE.test(name)) return fileProblem(name, home, repo);
  if (name.includes('/') && DIRECTORY.test(name)) return directoryProblem(name, home, repo);
  const script = /^npm run ([\w:]+)(?:.* -w (\S+))?/.exec(name);
  if (script) return scriptProblem(script[1]!, script[2], home, repo);
  const flag = /^--[a-z][\w-]*/.exec(name);
  if (flag) return repo.text.includes(flag[0]) ? undefined : 'no command takes this flag';
  return namesIn(name).some((word) => !repo.declared.has(word))
    ? 'nothing of that name is declared'
    : undefined;
}

function fileProblem(name: string, home: string, { paths }: Repository): string | undefined {
  const pattern = name
    .split(/(\*|<\w+>)/)
    .map((part, i) => (i % 2 ? '[^/]+' : part.replaceAll('.', '\\.')))
    .join('');
  const ends = new RegExp(`(^|/)${pattern}$`);
  return under(home, paths).some((path) => ends.test(path)) ? undefined : 'there is no such file';
}

function directoryProblem(name: string, home: string, { paths }: Repository): string | undefined {
  const middle = `/${name.replace(/\/$/, '')}/`;
  return under(home, paths).some((path) => `/${path}`.includes(middle))
    ? undefined
    : 'there is no such directory';
}

/** A package's own text speaks of its own files first, and else by paths from the root or from `packages/`. */
function under(home: string, paths: readonly string[]): string[] {
  return [
    ...paths.filter((path) => path.startsWith(home)),
    ...paths.map((path) => path.replace(/^packages\//, '/')),
  ];
}

function scriptProblem(script: string, workspace: string | undefined, home: string, { scripts }: Repository) {
  const places = workspace === undefined ? ['.', home] : [workspace];
  return places.some((place) => scripts.get(place)?.has(script)) ? undefined : 'there is no such script';
}

/** Names in code's notation: `qSample`, `LaunchPlan`, `STEP_BEGIN`, `step(state, event)`, `Arithmetic<T>`, `state.globalStep`. */
function namesIn(mention: string): string[] {
  const [, called, rest] = /^([\w.]+)(\(.*\)|<\w+>)?(?: ->.*)?$/.exec(mention) ?? [];
  if (called === undefined) return [];
  const words = called.split('.').filter((word) => NAME.test(word));
  const isCode = (word: string) =>
    /[a-z][A-Z]|^[A-Z][a-z]+$|^[A-Z]{3,}(_[A-Z]+)*$/.test(word) || rest?.startsWith('(') === true;
  return words.slice(-1).filter(isCode);
}

/** Words that a source declares, or quotes as the name of a message, setting or kind. */
export function declaredIn(source: string): string[] {
  const patterns = [
    /\b(?:function\*?|const|let|class|interface|type|enum)\s+(\w+)/g,
    /^\s*(?:(?:export|readonly|static|async|get|set|public)\s+)*\*?#?(\w+)\??!?\s*[(:<=,]/gm,
    /[{,]\s*(\w+)\??\s*[:,}(]/g,
    /['"`](?:[\w.]*\.)?(\w+)['"`]/g,
  ];
  return patterns.flatMap((pattern) => [...source.matchAll(pattern)].map(([, word]) => word!));
}
