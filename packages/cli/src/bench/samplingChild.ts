import { createInterface } from 'node:readline';
import { samplerPlan, type SamplerName } from '@ddpm-fleet/diffusion';
import { openEngine } from '@ddpm-fleet/engine';
import { Denoiser } from '@ddpm-fleet/inference';
import { diffusionConfigOf } from '@ddpm-fleet/trainer';
import { print } from '../output.js';
import { idleCall } from './idleCall.js';
import { samplingModel, type SamplingModel } from './samplingModel.js';

export interface SamplingChildRequest extends SamplingModel {
  readonly batch: number;
  readonly threads: number;
  /** One session call a step; else op by op. */
  readonly compiled: boolean;
}

/**
 * Our side of `bench sampling`: reads `SAMPLER STEPS TIMED`, answers with the seconds that the timed steps took; for
 * `idle`, with the seconds of one call that computes next to nothing.
 */
export async function runSamplingChild(request: SamplingChildRequest): Promise<void> {
  const { threads, batch, compiled } = request;
  const engine = await openEngine({ kind: 'tensorflow', compiled, precision: 'float32', threads });
  const model = samplingModel(request);
  const denoiser = await Denoiser.open(engine, model, { batch });
  const idle = await idleCall(engine, denoiser.shape);
  print(JSON.stringify(engine.description));
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'idle') {
      print(JSON.stringify(idle()));
      continue;
    }
    const [sampler, steps, timed] = line.split(' ');
    if (timed === undefined) break;
    const plan = samplerPlan(diffusionConfigOf(model.config), {
      sampler: sampler as SamplerName,
      sampleSteps: Number(steps),
    });
    denoiser.start(0, 0);
    const started = performance.now();
    for (const step of plan.steps.slice(0, Number(timed))) denoiser.step(step, 0, 0);
    print(JSON.stringify((performance.now() - started) / 1000));
  }
  process.exit(0);
}
