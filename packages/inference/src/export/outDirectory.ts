import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { MARK } from './card.js';
import type { ExportFormat } from './loadingText.js';

/** What an export of each format writes: the same again may be written over. */
const WRITTEN: Record<ExportFormat, (weightsName: string) => readonly string[]> = {
  safetensors: (weightsName) => [`${weightsName}.safetensors`, 'config.yaml'],
  diffusers: () => [
    ...['model_index.json', 'scheduler/scheduler_config.json'],
    ...['unet/config.json', 'unet/diffusion_pytorch_model.safetensors'],
  ],
  savedmodel: () => ['saved_model.pb'],
  tfjs: () => ['model.json'],
};
/** Of TF.js; `model.json` names those that count. */
const SHARD = /^group1-shard\d+of\d+\.bin$/;
const BESIDE = ['README.md', 'samples.png'];

/**
 * Refuses a directory with files that this export would leave beside its own: whoever loads it, or reads its card, would
 * take them for a part of it.
 * @throws DDPM_ERR_EXPORT_OUT
 */
export function assertOutDirectory(out: string, format: ExportFormat, weightsName: string): void {
  if (!existsSync(out)) return;
  const refuse = (problem: string): never => {
    throw fleetError('DDPM_ERR_EXPORT_OUT', { out, problem });
  };
  if (!statSync(out).isDirectory()) refuse('is a file');
  const readme = join(out, 'README.md');
  if (existsSync(readme) && !readFileSync(readme, 'utf8').startsWith(MARK))
    refuse('holds a README.md that no export wrote');
  const own = new Set([...WRITTEN[format](weightsName), ...BESIDE]);
  const isOwn = (name: string): boolean => own.has(name) || (format === 'tfjs' && SHARD.test(name));
  const others = filesIn(out).filter((name) => !isOwn(name));
  if (others.length > 0) {
    refuse(
      `holds ${others.length} file(s) that this export does not write and that would be taken for its own, e.g. ${others[0]}`,
    );
  }
}

function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();
}
