import { builtinModules } from 'node:module';
import { join } from 'node:path';
import {
  BORDER,
  CALLED_BY_MACHINES,
  CASTS,
  IMPURE,
  LAYERS,
  MACHINES,
  OWNED,
  PURE,
  RECEIVERS,
  WAITING,
} from './layers.js';
import {
  importsOf,
  withoutComments,
  type Manifest,
  type Monorepo,
  type Package,
  type SourceText,
} from './monorepo.js';

/** Each rule gives what breaks it, one sentence each; nothing when all is well. */
export type Rule = (repo: Monorepo) => string[];

export const everyPackageHasALayer: Rule = ({ packages }) =>
  packages
    .filter(({ manifest }) => !(manifest.name in LAYERS))
    .map(({ manifest }) => `${manifest.name} has no layer`);

export const edgesGoDown: Rule = ({ packages }) =>
  packages.flatMap((pkg) => {
    const declared = Object.keys(allDependencies(pkg.manifest)).map(
      (name) => [name, 'package.json'] as const,
    );
    const imported = [...pkg.shipped, ...pkg.auxiliary].flatMap(({ imports, path }) =>
      imports.map((specifier) => [packageOf(specifier), path] as const),
    );
    return [...declared, ...imported].flatMap(([name, where]) => upwardEdge(pkg.manifest.name, name, where));
  });

export const importsAreDeclared: Rule = ({ packages, manifest: root }) =>
  packages.flatMap(({ manifest, shipped, auxiliary }) => {
    const forUse = new Set([manifest.name, ...Object.keys(shippedDependencies(manifest))]);
    const forTests = new Set([
      ...forUse,
      ...Object.keys({ ...manifest.devDependencies, ...root.devDependencies }),
    ]);
    return [...undeclared(shipped, forUse), ...undeclared(auxiliary, forTests)];
  });

export const declaredIsImported: Rule = ({ packages }) =>
  packages.flatMap(({ manifest, shipped }) => {
    const used = new Set(
      shipped.flatMap(({ imports, text }) => [...imports.map(packageOf), ...quoted(text)]),
    );
    return Object.keys(shippedDependencies(manifest))
      .filter((name) => !used.has(name))
      .map((name) => `${manifest.name} declares ${name} and never imports it`);
  });

export const referencesMatchImports: Rule = ({ packages }) => {
  const directoryOf = new Map(packages.map(({ manifest, directory }) => [manifest.name, directory]));
  return packages.flatMap(({ manifest, references, shipped, auxiliary }) => {
    const names = new Set([...shipped, ...auxiliary].flatMap(({ imports }) => imports.map(packageOf)));
    const needed = [...names].flatMap((name) =>
      name === manifest.name ? [] : (directoryOf.get(name) ?? []),
    );
    return needed
      .filter((directory) => !references.includes(directory))
      .map((directory) => `the tsconfig.json of ${manifest.name} does not reference ${directory}`);
  });
};

export const packagesAreEnteredByTheirExports: Rule = ({ packages }) => {
  const byName = new Map(packages.map((pkg) => [pkg.manifest.name, pkg]));
  return packages.flatMap(({ directory, shipped, auxiliary }) =>
    [...shipped, ...auxiliary].flatMap(({ path, imports }) =>
      imports.flatMap((specifier) =>
        wrongEntry(specifier, path, directory, byName.get(packageOf(specifier))),
      ),
    ),
  );
};

export const pureCodeIsPure: Rule = ({ packages }) =>
  packages
    .flatMap(({ shipped }) => shipped)
    .flatMap((file) => {
      const [, allowed] =
        Object.entries(PURE).find(([directory]) => file.path.startsWith(`${directory}/`)) ?? [];
      return allowed ? impurities(file, allowed) : [];
    });

export const ownedModulesStayWithTheirOwners: Rule = ({ packages }) =>
  packages.flatMap(({ manifest, shipped }) =>
    shipped.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => OWNED[packageOf(specifier)]?.includes(manifest.name) === false)
        .map(
          (specifier) =>
            `${path} imports ${specifier}, which only ${OWNED[packageOf(specifier)]!.join(', ')} may`,
        ),
    ),
  );

/** A directory that was moved would no longer be looked at. */
export const pureDirectoriesAreThere: Rule = ({ packages }) =>
  Object.keys(PURE).flatMap((directory) => {
    const owner = packages.find((pkg) => directory.startsWith(`${pkg.directory}/`));
    const isThere = owner?.shipped.some(({ path }) => path.startsWith(`${directory}/`)) ?? true;
    return isThere ? [] : [`${directory} is held to be pure, and holds no code`];
  });

/** A machine stays in its directory, calls nothing but arithmetic and the protocol, and nothing in it waits. */
export const machinesDoNotWait: Rule = ({ packages }) =>
  MACHINES.flatMap((directory) =>
    packages
      .flatMap(({ shipped }) => shipped)
      .filter(({ path }) => path.startsWith(`${directory}/`))
      .flatMap(({ path, text }) => [
        ...foreignCalls(path, text, directory),
        ...WAITING.filter(([pattern]) => pattern.test(withoutComments(text))).map(
          ([, what]) => `${path} is a machine and uses ${what}`,
        ),
      ]),
  );

/** What is received is checked where bytes become values; elsewhere its type is the one that it has. */
export const receivedDataIsNotCast: Rule = ({ packages }) =>
  packages.flatMap(({ directory, shipped }) =>
    shipped
      .filter(({ path }) => !BORDER.includes(path))
      .flatMap(({ path, text }) =>
        CASTS.filter(
          ([pattern, where]) =>
            (where === 'everywhere' || RECEIVERS.includes(directory)) && pattern.test(withoutComments(text)),
        ).map(([, , what]) => `${path} ${what}`),
      ),
  );

/** Also of types alone: what two files need of each other belongs to a third. */
export const importsMakeNoCircle: Rule = ({ packages }) => {
  const sources = packages.flatMap(({ shipped, auxiliary }) => [...shipped, ...auxiliary]);
  const edges = new Map(sources.map(({ path, imports }) => [path, neighbours(path, imports)]));
  return circles(edges).map((files) => `files import each other in a circle: ${files.join(', ')}`);
};

/** The npm package of a specifier: '@scope/name/deep' -> '@scope/name'. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Imports of values, but not those of types alone. */
function foreignCalls(path: string, text: string, directory: string): string[] {
  const values = withoutComments(text).replace(/^\s*(import|export)\s+type\b[^;]*;/gm, '');
  return importsOf(values)
    .filter((specifier) =>
      specifier.startsWith('.')
        ? !join(path, '..', specifier).startsWith(`${directory}/`)
        : !CALLED_BY_MACHINES.includes(specifier),
    )
    .map((specifier) => `${path} is a machine and imports ${specifier}`);
}

function neighbours(path: string, imports: readonly string[]): string[] {
  return imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => join(path, '..', specifier).replace(/\.js$/, '.ts'));
}

/** One circle for each file that closes one on the way through the graph, depth first. */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const done = new Set<string>();
  const found: string[][] = [];
  const walk = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at >= 0) found.push(way.slice(at));
    if (at >= 0 || done.has(file)) return;
    for (const next of edges.get(file) ?? []) walk(next, [...way, file]);
    done.add(file);
  };
  for (const file of edges.keys()) walk(file, []);
  return found;
}

function upwardEdge(from: string, to: string, where: string): string[] {
  const [lower, higher] = [LAYERS[to], LAYERS[from]];
  if (from === to || lower === undefined || higher === undefined || lower < higher) return [];
  return [
    `${from} (layer ${higher}) depends ${lower === higher ? 'sideways' : 'upwards'} on ${to} (layer ${lower}): ${where}`,
  ];
}

function undeclared(files: readonly SourceText[], declared: ReadonlySet<string>): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter(
        (specifier) =>
          !specifier.startsWith('.') && !specifier.startsWith('node:') && !declared.has(packageOf(specifier)),
      )
      .map((specifier) =>
        builtinModules.includes(specifier)
          ? `${path} imports ${specifier}: write node:${specifier}`
          : `${path} imports ${specifier}, which its package.json does not declare`,
      ),
  );
}

function wrongEntry(
  specifier: string,
  path: string,
  directory: string,
  target: Package | undefined,
): string[] {
  if (specifier.startsWith('.')) {
    const inside = join(path, '..', specifier).startsWith(`${directory}/`);
    return inside ? [] : [`${path} imports ${specifier}, which lies outside its package`];
  }
  if (!target) return [];
  const subpath = specifier.slice(target.manifest.name.length);
  return `.${subpath}` in (target.manifest.exports ?? {})
    ? []
    : [`${path} imports ${specifier}, which is not exported`];
}

function impurities({ path, text, imports }: SourceText, allowed: readonly string[]): string[] {
  const modules = imports.filter(
    (name) => (name.startsWith('node:') || packageOf(name) === 'zeromq') && !allowed.includes(name),
  );
  const code = withoutComments(text);
  return [
    ...modules.map((name) => `${path} is pure code and imports ${name}`),
    ...IMPURE.filter(([pattern]) => pattern.test(code)).map(
      ([, what]) => `${path} is pure code and uses ${what}`,
    ),
  ];
}

/** Strings in the code: modules are also loaded by name through a variable. */
function quoted(text: string): string[] {
  return [...text.matchAll(/['"]([@\w][\w./@-]*)['"]/g)].map(([, value]) => packageOf(value!));
}

function shippedDependencies(manifest: Manifest): Record<string, string> {
  return { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies };
}

function allDependencies(manifest: Manifest): Record<string, string> {
  return { ...shippedDependencies(manifest), ...manifest.devDependencies };
}
