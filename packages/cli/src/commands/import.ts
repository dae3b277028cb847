import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { openStore } from '@ddpm-fleet/checkpoint';
import { configYaml, emaProfiles, runPaths, type RunConfig } from '@ddpm-fleet/config';
import { firstState, fleetError, makeLayout, shellWord } from '@ddpm-fleet/core';
import { importDiffusers, settingsOfDiffusers } from '@ddpm-fleet/inference';
import { Command } from 'commander';
import { prepareRun, type PreparedRun } from '../launch/preparedRun.js';
import { collect } from '../options.js';
import { note, print } from '../output.js';

interface ImportFlags {
  readonly config?: string;
  readonly set: string[];
  readonly out: string;
}

const STEP = 'step-00000000';

const EXAMPLES = `
Examples:
  ddpm-fleet import pipeline --set data.kind=imageFolder --set data.path=photos --out runs/mine
  ddpm-fleet import pipeline --config configs/quickstart.yaml --out runs/again`;

export function importCommand(): Command {
  return new Command('import')
    .description('make a checkpoint of step 0 from the weights of a diffusers folder, to go on training')
    .argument('<dir>', 'folder of a DDPMPipeline, or of its unet')
    .option('--config <file>', 'config of the run that is to go on; default: read off the folder')
    .option('--set <path=value>', 'override a setting of it', collect, [])
    .requiredOption('--out <dir>', 'a new directory, or a checkpoint in one (.../step-00000000)')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(dir: string, flags: ImportFlags): Promise<void> {
  const checkpoint = basename(flags.out) === STEP ? flags.out : join(flags.out, 'checkpoints', STEP);
  const own = flags.config === undefined ? join(dirname(checkpoint), '..', 'config.yaml') : undefined;
  if (existsSync(checkpoint) || (own !== undefined && existsSync(own)))
    throw fleetError('DDPM_ERR_IMPORT_OUT', { out: flags.out });
  const set = flags.config === undefined ? [...(await settingsOfDiffusers(dir)), ...flags.set] : flags.set;
  const prepared = await prepareRun({ ...(flags.config && { file: flags.config }), set, onNotice: note });
  const { parameters, digest } = await importInto(checkpoint, dir, prepared);
  if (own !== undefined) writeFileSync(own, configText(prepared.config));
  print(`imported ${parameters.toLocaleString('en-US')} parameters: ${checkpoint}`);
  print(`digest ${digest}`);
  const given = flags.config === undefined ? [] : flags.set.map((pair) => `--set ${shellWord(pair)}`);
  const branch = freeName(basename(dirname(dirname(resolve(checkpoint)))), prepared.config.name);
  const command = ['ddpm-fleet launch', shellWord(flags.config ?? own!), ...given];
  print(`go on with: ${command.join(' ')} --resume ${shellWord(checkpoint)} --branch ${branch}`);
}

async function importInto(
  checkpoint: string,
  dir: string,
  { config, record, specs }: PreparedRun,
): Promise<{ parameters: number; digest: string }> {
  const layout = makeLayout(specs);
  const params = await importDiffusers(dir, { config, image: record.image, layout });
  const { runId, identity, identityHash, datasetHash, dataset, engine } = record;
  const { digest } = await openStore(dirname(checkpoint)).publish({
    state: firstState(params, emaProfiles(config.ema)),
    layout,
    meta: {
      ...{ runId, identity, identityHash, datasetHash, engine: { ...engine } },
      ...(dataset && { dataset }),
      ...{ createdAt: new Date().toISOString(), configYaml: configYaml(config), losses: {} },
    },
  });
  return { parameters: layout.size, digest };
}

/** The settings for another host as well: the engine is chosen where the run begins. */
function configText(config: RunConfig): string {
  return configYaml({ ...config, engine: { ...config.engine, kind: 'auto' } });
}

/** A name that no run has: that of the directory it lies in, where that can be one. */
function freeName(place: string, config: string): string {
  const wishes = [place, `${config}-imported`].filter((name) => /^[A-Za-z0-9][\w.-]{0,50}$/.test(name));
  const names = [...wishes, ...Array.from({ length: 99 }, (_, i) => `${config}-imported-${i + 2}`)];
  return names.find((name) => !existsSync(runPaths(resolve('runs', name)).record)) ?? 'imported';
}
