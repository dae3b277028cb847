import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModuleSpec } from '../../engine.js';
import { encodeGraphDef } from '../graph/graphDef.js';
import { encodeSavedModel } from '../graph/savedModel.js';
import { freezeProgram, type FrozenProgram } from './freeze.js';

/**
 * Writes one program as a SavedModel that TensorFlow Serving and `tf.saved_model.load` take: tag `serve`, signature
 * `serving_default` with the program's own names for inputs and outputs, variables frozen to `values`.
 * @param outDir made if it is missing; gets `saved_model.pb` and an empty `variables`
 * @throws what `freezeProgram` throws
 */
export function exportProgram(
  spec: ModuleSpec,
  program: string,
  values: Readonly<Record<string, Float32Array>>,
  outDir: string,
): void {
  writeSavedModel(freezeProgram(spec, program, values), outDir);
}

/** The last step of `exportProgram`, for a program that is frozen already. Returns the path of the model. */
export function writeSavedModel({ graph, inputs, outputs }: FrozenProgram, outDir: string): string {
  const savedModel = encodeSavedModel(encodeGraphDef(graph), { serving_default: { inputs, outputs } });
  mkdirSync(join(outDir, 'variables'), { recursive: true });
  const path = join(outDir, 'saved_model.pb');
  writeFileSync(path, savedModel);
  return path;
}
