import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '@ddpm-fleet/config';
import { recordedPrograms, type GraphNode, type KernelRegistry } from '@ddpm-fleet/engine/placement';
import { boundModule, denoiserModule } from '@ddpm-fleet/inference';
import { planTraining, trainerModule } from '@ddpm-fleet/trainer';
import { ROOT } from './cli.js';

const SAMPLED_IMAGES = 16;

export function configNames(): string[] {
  const files = readdirSync(join(ROOT, 'configs')).filter((file) => file.endsWith('.yaml'));
  return files.map((file) => file.replace('.yaml', '')).toSorted();
}

/** Every program of a config as the graph that a machine with a GPU would run: `module/program` -> its nodes. */
export function programsOf(
  name: string,
  precision: 'float32' | 'bfloat16',
  native = false,
): Record<string, GraphNode[]> {
  const config = loadConfig({ file: join(ROOT, 'configs', `${name}.yaml`), set: [] });
  const image = { size: config.data.size || 32, channels: config.data.channels };
  const plan = planTraining(config, { ...image, datasetSize: 50_000 });
  const model = { config, image, layout: plan.layout, weights: new Float32Array(0) };
  const guidance = config.model.numClasses > 0 ? { guidance: { scale: 2, rescale: 0 } } : {};
  const modules = [
    trainerModule(plan),
    denoiserModule(model, { batch: SAMPLED_IMAGES, ...guidance }),
    boundModule(model, SAMPLED_IMAGES),
  ];
  const programs = modules.flatMap((module) =>
    Object.entries(recordedPrograms(module, { precision, native })).map(
      ([program, nodes]) => [`${module.name}/${program}`, nodes] as const,
    ),
  );
  return Object.fromEntries(programs);
}

/** Kernels of TensorFlow's CUDA build for the operations that the project uses; `npm run gpu:placements` renews it. */
export function cudaKernels(): KernelRegistry {
  return JSON.parse(readFileSync(join(ROOT, 'test/golden/cuda-kernels.json'), 'utf8')) as KernelRegistry;
}
