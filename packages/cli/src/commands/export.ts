import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runPaths } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';
import type { Engine } from '@ddpm-fleet/engine';
import {
  assertOutDirectory,
  drawGrid,
  exportDiffusers,
  exportGraphModel,
  exportSafetensors,
  exportSavedModel,
  writeCard,
  type ExportedGraph,
  type ExportFormat,
} from '@ddpm-fleet/inference';
import { Command, Option } from 'commander';
import { positiveInteger } from '../options.js';
import { print } from '../output.js';
import { findTarget } from '../target.js';
import { loadTrained, type Trained } from '../trained.js';
import { addWeightsOptions, type WeightsFlags } from '../weights.js';
import { withEngine } from '../withEngine.js';

interface ExportFlags extends WeightsFlags {
  readonly format: ExportFormat;
  readonly batch?: number;
  readonly grid?: number;
  readonly out: string;
}

const EXAMPLES = `
Examples:
  ddpm-fleet export runs/quickstart --out weights
  ddpm-fleet export runs/quickstart --ema-std 0.12 --out weights     put together from snapshots of averages
  ddpm-fleet export runs/quickstart --format diffusers --weights ema-0.995 --out pipeline
  ddpm-fleet export runs/quickstart/checkpoints/step-00001000 --format savedmodel --out models/quickstart/1
  ddpm-fleet export s3://bucket/run --format tfjs --weights raw --grid 16 --out web/model`;

export function exportCommand(): Command {
  const command = new Command('export')
    .description('write trained weights in a form that other tools read, with a README card')
    .argument(
      '<target>',
      'a run (name or directory), a checkpoint directory, or a store (s3://bucket/prefix)',
    )
    .addOption(
      new Option(
        '--format <format>',
        'safetensors: tensors alone; diffusers: a DDPMPipeline; savedmodel: TensorFlow and its Serving; ' +
          'tfjs: the browser',
      )
        .choices(['safetensors', 'diffusers', 'savedmodel', 'tfjs'])
        .default('safetensors'),
    );
  return addWeightsOptions(command)
    .option('--batch <n>', 'savedmodel, tfjs: images a call; default: any number', positiveInteger)
    .option(
      '--grid <n>',
      'draw n samples for the card; default: the picture that the run drew, if any',
      positiveInteger,
    )
    .requiredOption('--out <dir>', 'directory to write into')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(target: string, flags: ExportFlags): Promise<void> {
  if (flags.batch !== undefined && (flags.format === 'safetensors' || flags.format === 'diffusers'))
    throw fleetError('DDPM_ERR_EXPORT_BATCH', { format: flags.format });
  if (flags.grid === undefined) return exportTo(target, flags);
  await withEngine({ kind: 'auto' }, (engine) => exportTo(target, flags, engine));
}

async function exportTo(target: string, flags: ExportFlags, engine?: Engine): Promise<void> {
  const trained = await loadTrained(target, flags);
  assertOutDirectory(flags.out, flags.format, trained.weightsName);
  const { files, predictor } = await writeWeights(trained, flags);
  const picture = await writeGrid(target, trained, flags, engine);
  const { model, loaded, weightsName, made } = trained;
  const card = writeCard(
    {
      ...{ format: flags.format, model, loaded, weightsName },
      ...(made && { made }),
      ...(predictor && { predictor }),
      ...(picture && { grid: GRID }),
    },
    flags.out,
  );
  const all = [...files, ...(picture ? [picture] : []), card];
  for (const file of all) print(`${weightsName} at step ${loaded.globalStep}: ${file}`);
  print(`how to load it: ${card}`);
}

type Written = Pick<ExportedGraph, 'files'> & Partial<ExportedGraph>;

async function writeWeights({ model, loaded, weightsName }: Trained, flags: ExportFlags): Promise<Written> {
  const { format, out, batch } = flags;
  switch (format) {
    case 'savedmodel':
      return exportSavedModel(model, out, batch);
    case 'tfjs':
      return exportGraphModel(model, out, batch);
    case 'diffusers':
      return { files: await exportDiffusers(model, out) };
    case 'safetensors':
      return { files: await exportSafetensors(model, loaded, weightsName, out) };
  }
}

const GRID = 'samples.png';

/** Drawn if that is asked for; else the picture that the run drew of this very checkpoint. */
async function writeGrid(
  target: string,
  { model, loaded, made }: Trained,
  { out, grid }: ExportFlags,
  engine: Engine | undefined,
): Promise<string | undefined> {
  const path = join(out, GRID);
  await mkdir(out, { recursive: true });
  if (engine && grid !== undefined) {
    await writeFile(path, await drawGrid(engine, model, grid));
    return path;
  }
  const { runDir } = findTarget(target);
  const drawn = runDir && !made && join(runPaths(runDir).samples, `${loaded.name}.png`);
  if (!drawn || !existsSync(drawn)) return undefined;
  await copyFile(drawn, path);
  return path;
}
