import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { openStore } from '@ddpm-fleet/checkpoint';
import { configYaml, emaProfiles, runPaths } from '@ddpm-fleet/config';
import { firstState, fleetError, makeLayout, shellWord } from '@ddpm-fleet/core';
import { importDiffusers } from '@ddpm-fleet/inference';
import { Command } from 'commander';
import { prepareRun } from '../launch/preparedRun.js';
import { collect } from '../options.js';
import { note, print } from '../output.js';

interface ImportFlags {
  readonly config: string;
  readonly set: string[];
  readonly out: string;
}

export function importCommand(): Command {
  return new Command('import')
    .description('make a checkpoint of step 0 from the weights of a diffusers folder, to go on training')
    .argument('<dir>', 'folder of a DDPMPipeline, or of its unet')
    .requiredOption('--config <file>', 'config of the run that is to go on')
    .option('--set <path=value>', 'override a setting of it', collect, [])
    .requiredOption('--out <checkpoint>', 'a directory that ends in step-00000000')
    .action(run);
}

async function run(dir: string, flags: ImportFlags): Promise<void> {
  if (basename(flags.out) !== 'step-00000000') throw fleetError('DDPM_ERR_IMPORT_OUT', { out: flags.out });
  const { config, record, specs } = await prepareRun({ file: flags.config, set: flags.set, onNotice: note });
  const layout = makeLayout(specs);
  const params = await importDiffusers(dir, { config, image: record.image, layout });
  const { runId, identity, identityHash, datasetHash, dataset, engine } = record;
  const published = await openStore(dirname(flags.out)).publish({
    state: firstState(params, emaProfiles(config.ema)),
    layout,
    meta: {
      ...{ runId, identity, identityHash, datasetHash, engine: { ...engine } },
      ...(dataset && { dataset }),
      ...{ createdAt: new Date().toISOString(), configYaml: configYaml(config), losses: {} },
    },
  });
  print(`imported ${layout.size.toLocaleString('en-US')} parameters: ${flags.out}`);
  print(`digest ${published.digest}`);
  const set = flags.set.map((pair) => ` --set ${shellWord(pair)}`).join('');
  const branch = freeName(basename(dirname(dirname(resolve(flags.out)))), config.name);
  print(
    `go on with: ddpm-fleet launch ${shellWord(flags.config)}${set} --resume ${shellWord(flags.out)} --branch ${branch}`,
  );
}

/** A name that no run has: that of the directory it lies in, where that can be one. */
function freeName(place: string, config: string): string {
  const wishes = [place, `${config}-imported`].filter((name) => /^[A-Za-z0-9][\w.-]{0,50}$/.test(name));
  const names = [...wishes, ...Array.from({ length: 99 }, (_, i) => `${config}-imported-${i + 2}`)];
  return names.find((name) => !existsSync(runPaths(resolve('runs', name)).record)) ?? 'imported';
}
