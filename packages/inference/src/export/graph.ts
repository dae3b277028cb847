import { fleetError, isFleetError } from '@ddpm-fleet/core';
import { writeGraphModel, writeSavedModel } from '@ddpm-fleet/engine';
import type { TrainedModel } from '../denoiser.js';
import { predictorOf, type Predictor } from './predictor.js';

export interface ExportedGraph {
  readonly files: readonly string[];
  readonly predictor: Predictor;
}

/** A SavedModel is one protocol buffer, which readers take up to 2 GiB of; the graph itself is small. */
const SAVED_MODEL_LIMIT = 2 ** 31 - 2 ** 24;

/**
 * The UNet as a SavedModel: `tf.saved_model.load`, TensorFlow Serving.
 * @param batch images a call; absent: any number
 * @throws DDPM_ERR_EXPORT_GRAPH, DDPM_ERR_ENGINE_OP; then nothing is written
 */
export function exportSavedModel(model: TrainedModel, out: string, batch?: number): ExportedGraph {
  const sizeBytes = 4 * model.layout.size;
  if (sizeBytes > SAVED_MODEL_LIMIT) {
    const reason = `its weights take ${sizeBytes} bytes, and one file of it holds less than 2 GiB`;
    throw fleetError('DDPM_ERR_EXPORT_GRAPH', { format: 'a SavedModel', reason });
  }
  const predictor = traced(model, 'a SavedModel', batch);
  return { files: [writeSavedModel(predictor.frozen, out)], predictor };
}

/** The UNet as a graph model of TF.js, for `tf.loadGraphModel` in a browser. As `exportSavedModel` otherwise. */
export function exportGraphModel(model: TrainedModel, out: string, batch?: number): ExportedGraph {
  const predictor = traced(model, 'TF.js', batch);
  return { files: writeGraphModel(predictor.frozen, out), predictor };
}

function traced(model: TrainedModel, format: string, batch: number | undefined): Predictor {
  try {
    return predictorOf(model, batch);
  } catch (cause) {
    if (isFleetError(cause)) throw cause;
    throw fleetError('DDPM_ERR_EXPORT_GRAPH', { format, reason: (cause as Error).message }, { cause });
  }
}
