import { rootLevel } from '@ddpm-fleet/core';
import type { ModuleSpec, ProgramSpec } from '@ddpm-fleet/engine';
import type { TrainingPlan } from '../trainingPlan.js';
import { applyProgram, copyToEmaProgram, emaVariable, rootProgram } from './apply.js';
import { heldOutProgram, stageProgram } from './heldOut.js';
import { drawsProgram, slotProgram } from './slot.js';
import { mergeProgram, pushProgram, stackVariable } from './stack.js';

/**
 * The device module of a run. Every variable is flat, [layout.size]: the state (`params`, `m`, `v`, the averages under their names),
 * `carry` (the gradient that was computed last, the root, or weights to evaluate), and the stack of partial sums.
 */
export function trainerModule(plan: TrainingPlan): ModuleSpec {
  const depths = Array.from({ length: stackDepth(plan) }, (_, depth) => depth);
  const emas = plan.averages.map(emaVariable);
  const names = ['params', 'm', 'v', ...emas, 'carry', ...depths.map(stackVariable)];
  return {
    name: 'trainer',
    variables: Object.fromEntries(names.map((name) => [name, { shape: [plan.layout.size] }])),
    programs: {
      ...slotPrograms(plan),
      ...Object.fromEntries(depths.map((depth) => [`merge-${depth}`, mergeProgram(depth)])),
      ...Object.fromEntries(depths.map((depth) => [`push-${depth}`, pushProgram(depth)])),
      root: rootProgram(plan),
      apply: applyProgram(plan),
      ...Object.fromEntries(
        plan.averages.map((profile) => [`copy-${emaVariable(profile)}`, copyToEmaProgram(profile)]),
      ),
      heldOut: heldOutProgram(plan),
      ...Object.fromEntries(['params', ...emas].map((name) => [`stage-${name}`, stageProgram(name)])),
    },
  };
}

/** Sums wait on the stack for a right sibling, and at each level below the root at most one does. */
function stackDepth({ config }: TrainingPlan): number {
  return config.fleet.wireDtype === 'bfloat16' ? 0 : rootLevel(config.batch.numSlots);
}

function slotPrograms(plan: TrainingPlan): Record<string, ProgramSpec> {
  const { selfConditioning } = plan.config.diffusion;
  return {
    draws: drawsProgram(plan),
    slot: slotProgram(plan, false),
    ...(selfConditioning && { slotConditioned: slotProgram(plan, true) }),
  };
}
