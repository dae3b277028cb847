import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readMonorepo } from './monorepo.js';
import * as rules from './rules.js';

const repo = readMonorepo(fileURLToPath(new URL('../../../', import.meta.url)));

const PROMISES: Record<string, rules.Rule> = {
  'every package has a layer': rules.everyPackageHasALayer,
  'imports and dependencies go to lower layers only': rules.edgesGoDown,
  'what is imported is declared': rules.importsAreDeclared,
  'what is declared is imported': rules.declaredIsImported,
  'project references follow the imports': rules.referencesMatchImports,
  'packages are entered by their exports': rules.packagesAreEnteredByTheirExports,
  'pure code knows no clock, no randomness, no node modules, no sockets': rules.pureCodeIsPure,
  'no file imports itself in a circle': rules.importsMakeNoCircle,
  'pure code is where it is looked for': rules.pureDirectoriesAreThere,
  'the machines do not wait, and call nothing that does': rules.machinesDoNotWait,
  'what was received is not cast beyond the border': rules.receivedDataIsNotCast,
  'modules that one package owns stay there': rules.ownedModulesStayWithTheirOwners,
};

for (const [promise, rule] of Object.entries(PROMISES)) {
  test(promise, (t) => {
    t.deepEqual(rule(repo), []);
  });
}

test('the reader saw the repository', (t) => {
  t.true(repo.packages.length >= 15);
  for (const { manifest, shipped } of repo.packages) t.true(shipped.length > 0, manifest.name);
  const edges = repo.packages.flatMap(({ shipped }) => shipped.flatMap(({ imports }) => imports));
  t.true(edges.filter((specifier) => specifier.startsWith('@ddpm-fleet/')).length > 100);
});
