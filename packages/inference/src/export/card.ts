import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedWeights } from '@ddpm-fleet/checkpoint';
import { configYaml } from '@ddpm-fleet/config';
import type { TrainedModel } from '../denoiser.js';
import { loadingText, type ExportFormat } from './loadingText.js';
import type { Predictor, PredictorPort } from './predictor.js';

/** Everything that a card tells. */
export interface ExportFacts {
  readonly format: ExportFormat;
  readonly model: TrainedModel;
  readonly loaded: LoadedWeights;
  /** `raw`, `ema-0.9999` or `ema-std-0.1`. */
  readonly weightsName: string;
  /** Of an average that was put together from snapshots. */
  readonly made?: { readonly profileError: number; readonly snapshots: number };
  /** Of `savedmodel` and `tfjs`. */
  readonly predictor?: Pick<Predictor, 'inputs' | 'outputs'>;
  /** File name of a picture in the same folder. */
  readonly grid?: string;
}

/** By which a card is known from somebody's own README. */
export const MARK = '<!-- written by ddpm-fleet export -->';

/** Writes README.md beside exported weights: what they are, of what data, and how to load them. Returns its path. */
export function writeCard(facts: ExportFacts, out: string): string {
  const path = join(out, 'README.md');
  writeFileSync(path, exportCard(facts));
  return path;
}

/** The text of the card, Markdown. */
export function exportCard(facts: ExportFacts): string {
  const { format, model, loaded, weightsName, grid, predictor } = facts;
  const parts = [
    `${MARK}\n\n# ${model.config.name}: ${weightsName} at step ${loaded.globalStep}`,
    intro(facts),
    grid && `![samples](${grid})`,
    table(['', ''], rows(facts)),
    `## How to load it\n\n${loadingText(format, { weightsName, model })}`,
    predictor && `## Inputs and outputs\n\n${portsTable(predictor)}`,
    notesText(facts),
    '## Config\n\nAs it was resolved when the run began; `ddpm-fleet launch` takes it.',
    `\`\`\`yaml\n${configYaml(model.config).trimEnd()}\n\`\`\``,
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function intro({ model: { config, image } }: ExportFacts): string {
  const kind = config.model.numClasses > 0 ? `a DDPM of ${config.model.numClasses} classes` : 'a DDPM';
  const { modelMeanType, betaSchedule, numTimesteps } = config.diffusion;
  return (
    `The UNet of ${kind} for images of ${image.size} x ${image.size} x ${image.channels}; it predicts ` +
    `${modelMeanType} on a ${betaSchedule} schedule of ${numTimesteps} steps. Pixels are in [-1, 1].`
  );
}

function rows({ model, loaded, weightsName, made }: ExportFacts): [string, string][] {
  const { meta, globalStep, digest } = loaded;
  const { name, licence } = meta.dataset ?? {};
  return [
    ['Run', `${model.config.name} (${meta.runId})`],
    ...branchRows(meta),
    ['Step', `${globalStep}, of ${model.config.train.steps} asked for`],
    ['Weights', weightsText(weightsName, made)],
    ['Parameters', model.layout.size.toLocaleString('en-US')],
    ['Held-out loss', lossText(meta.losses.heldOut)],
    ['Training loss', lossText(meta.losses.train)],
    ['Data set', `${name ?? model.config.data.kind}, sha256 \`${meta.datasetHash}\``],
    ['Licence of the data', licence ?? 'not recorded; ask where the data came from'],
    ['Trained with', Object.values(meta.engine).join(' ')],
    [made ? 'sha256 of the weights' : 'Checkpoint', `\`${digest}\`, written ${meta.createdAt}`],
  ];
}

function weightsText(name: string, made: ExportFacts['made']): string {
  if (name === 'raw') return 'as trained';
  const kind = name.startsWith('ema-std-') ? 'average by a power of the step' : 'exponential moving average';
  if (!made) return `${name} (${kind})`;
  const percent = Number((100 * made.profileError).toPrecision(2));
  return `${name} (${kind}, made of ${made.snapshots} snapshots, ${percent} % off its profile)`;
}

function branchRows({ parent }: LoadedWeights['meta']): [string, string][] {
  if (!parent) return [];
  const changed = Object.entries(parent.changed).map(
    ([key, [there, here]]) => `${key} ${JSON.stringify(there)} to ${JSON.stringify(here)}`,
  );
  const settings = changed.length > 0 ? `; changed: ${changed.join(', ')}` : '';
  return [['Branch of', `run ${parent.runId} at step ${parent.globalStep}, \`${parent.digest}\`${settings}`]];
}

function notesText({ loaded: { meta } }: ExportFacts): string | undefined {
  const lines = meta.notes?.map(({ text }) => `- ${text}`);
  return lines?.length ? `## Noted when it was trained\n\n${lines.join('\n')}` : undefined;
}

function lossText(loss: number | undefined): string {
  return loss === undefined ? 'not measured' : loss.toPrecision(5);
}

function portsTable({ inputs, outputs }: NonNullable<ExportFacts['predictor']>): string {
  const row =
    (direction: string) =>
    ({ name, dtype, shape, meaning }: PredictorPort): string[] => [
      `\`${name}\``,
      direction,
      `${dtype} [${shape.map((dim) => (dim === -1 ? 'any' : dim)).join(', ')}]`,
      meaning,
    ];
  return table(['name', '', 'type', 'meaning'], [...inputs.map(row('in')), ...outputs.map(row('out'))]);
}

function table(heading: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...body.map(line)].join('\n');
}
