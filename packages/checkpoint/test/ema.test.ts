import test from 'ava';
import { philoxFill } from '@ddpm-fleet/core';
import { sampleSnapshot, SAMPLE_LAYOUT } from '../src/conformance/sample.js';
import { emaDecay, emaWeight, openStore, updateEma, type EmaStart } from '../src/index.js';
import { temporaryDirectory } from './support/directory.js';

const FORMS: EmaStart[] = (['copyFirst', 'warmup', 'ramp'] as const).map((start) => ({
  start,
  warmupPower: 0.75,
  warmupInvGamma: 1,
}));
const UPDATES = 1000;

/** Parameters as they move in training: a walk with steps like Adam's. */
function recordedParams(updates: number, size: number): Float32Array[] {
  const words = philoxFill({ seed: 1, purpose: 1, counter: 0n }, new Uint32Array(updates * size));
  let params = new Float32Array(size).map((_, i) => Math.sin(i));
  return Array.from({ length: updates }, (_, k) => {
    params = params.map((value, i) => value + ((words[k * size + i]! % 2001) - 1000) * 2e-7);
    return params;
  });
}

for (const form of FORMS) {
  test(`${form.start}: 1000 updates, resumed in the middle, agree with float64 for two decays`, async (t) => {
    const { size } = SAMPLE_LAYOUT;
    const recorded = recordedParams(UPDATES, size);
    const store = openStore(await temporaryDirectory(t));
    let emas: { decay: number; values: Float32Array }[] = [0.99, 0.9999].map((decay) => ({
      decay,
      values: new Float32Array(size),
    }));
    const exact = emas.map(() => new Float64Array(size));
    for (const [k, params] of recorded.entries()) {
      for (const [i, { decay, values }] of emas.entries()) {
        updateEma(values, params, emaWeight({ decay }, form, k));
        const d = emaDecay(decay, form, k);
        for (let j = 0; j < size; j++) exact[i]![j] = d * exact[i]![j]! + (1 - d) * params[j]!;
      }
      if (k === UPDATES / 2) emas = await throughCheckpoint(store, emas, k);
    }
    for (const [i, { values }] of emas.entries()) {
      const worst = values.reduce((max, value, j) => Math.max(max, Math.abs(value - exact[i]![j]!)), 0);
      t.log(`decay ${emas[i]!.decay}: at most ${worst.toExponential(1)} from float64`);
      t.true(worst < 5e-6, `${worst}`);
    }
  });
}

async function throughCheckpoint(
  store: ReturnType<typeof openStore>,
  emas: { decay: number; values: Float32Array }[],
  globalStep: number,
): Promise<{ decay: number; values: Float32Array }[]> {
  const sample = sampleSnapshot(globalStep);
  await store.publish({ ...sample, state: { ...sample.state, emas } });
  return (await store.load('newest')).snapshot.state.emas.map(({ decay, values }) => ({
    decay: decay!,
    values,
  }));
}

test('trap 25: the first update copies, whatever stood there', (t) => {
  const params = Float32Array.of(1e-8, -3, 0.1);
  for (const form of FORMS) {
    t.is(emaWeight({ decay: 0.9999 }, form, 0), 1);
    t.deepEqual(updateEma(Float32Array.of(1, NaN, 7), params, emaWeight({ decay: 0.9999 }, form, 0)), params);
  }
});

test('copyFirst has the decay of Ho et al. from the second update on', (t) => {
  t.deepEqual(
    [0, 1, 2, 1e6].map((k) => emaDecay(0.9999, FORMS[0]!, k)),
    [0, 0.9999, 0.9999, 0.9999],
  );
});

test('the warm-up forms are those of diffusers', (t) => {
  // EMAModel(decay=0.9999, power=0.75, inv_gamma=1).get_decay(k + 1) with use_ema_warmup, and without.
  const near = (form: EmaStart, k: number, expected: number): boolean =>
    t.true(Math.abs(emaDecay(0.9999, form, k) - expected) < 1e-12, `${form.start} at ${k}`);
  near(FORMS[1]!, 1, 1 - 2 ** -0.75);
  near(FORMS[1]!, 99, 1 - 100 ** -0.75);
  near(FORMS[1]!, 1e9, 0.9999);
  near(FORMS[2]!, 1, 2 / 11);
  near(FORMS[2]!, 90, 0.91);
  near(FORMS[2]!, 1e9, 0.9999);
});

test('an average of parameters that stand still comes to rest within half a float32 step over the weight', (t) => {
  const params = Float32Array.of(1, 0.3, -7);
  const ema = Float32Array.of(1.5, 0, -7);
  for (let k = 1; k < 200_000; k++) updateEma(ema, params, emaWeight({ decay: 0.9999 }, FORMS[0]!, k));
  const relative = ema.map((value, i) => Math.abs(value / params[i]! - 1));
  t.true(Math.max(...relative) < 7e-4, `${relative.join(' ')}`);
});
