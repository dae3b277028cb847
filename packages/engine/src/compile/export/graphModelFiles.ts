import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FrozenProgram } from './freeze.js';
import { graphModelOf } from './graphModel.js';

/** As the converter of TF.js cuts them: a browser caches files of this size. */
const SHARD_BYTES = 4 << 20;

/**
 * Writes a program as the files that `tf.loadGraphModel` loads by the address of `model.json`.
 * @param outDir made if it is missing
 * @returns the paths written, `model.json` first
 */
export function writeGraphModel(frozen: FrozenProgram, outDir: string): string[] {
  const { weightSpecs, weightData, ...model } = graphModelOf(frozen);
  const bytes = new Uint8Array(weightData as ArrayBuffer);
  const shards = Math.max(1, Math.ceil(bytes.length / SHARD_BYTES));
  const names = Array.from({ length: shards }, (_, i) => `group1-shard${i + 1}of${shards}.bin`);
  mkdirSync(outDir, { recursive: true });
  for (const [i, name] of names.entries()) {
    writeFileSync(join(outDir, name), bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES));
  }
  const weightsManifest = [{ paths: names, weights: weightSpecs }];
  writeFileSync(join(outDir, 'model.json'), JSON.stringify({ ...model, weightsManifest }));
  return ['model.json', ...names].map((name) => join(outDir, name));
}
