import test from 'ava';
import { GaussianDiffusion, getBetaSchedule, trainingLosses, vbTermsBpd } from '../src/index.js';
import type { LossType, ModelMeanType, ModelVarType } from '../src/index.js';
import { close, eachArithmetic, given, golden, type Subject } from './support/golden.js';

const { inputs } = golden;
const wanted = golden.cases.mid;
const betas = getBetaSchedule('linear', 1e-4, 0.02, 1000);

const MEAN_TYPES: Record<string, ModelMeanType> = { eps: 'eps', xstart: 'xStart', xprev: 'xPrev', v: 'v' };
const VAR_TYPES: Record<string, ModelVarType> = {
  fixedsmall: 'fixedSmall',
  fixedlarge: 'fixedLarge',
  learned: 'learned',
  learned_range: 'learnedRange',
};

/** The golden case named by `key`, e.g. `eps|fixedsmall|clip=true`: its diffusion and the network's output. */
function caseOf<T>(subject: Subject<T>, key: string) {
  const [mean, variance, rest] = key.split('|');
  const { arithmetic } = subject;
  const options = {
    betas,
    modelMeanType: MEAN_TYPES[mean!]!,
    modelVarType: VAR_TYPES[variance!]!,
    lossType: rest as LossType,
  };
  const diffusion = new GaussianDiffusion(arithmetic, options);
  const net = given(subject, inputs.net);
  const values = arithmetic.affine(
    given(subject, inputs.netv),
    variance === 'learned' ? 2 : 1,
    variance === 'learned' ? -4 : 0,
  );
  const output = diffusion.learnsVariance ? arithmetic.join(net, values) : net;
  return { diffusion, output, clipDenoised: rest === 'clip=true' };
}

function common<T>(subject: Subject<T>) {
  return {
    xStart: given(subject, inputs.x_start),
    noise: given(subject, inputs.eps),
    x: given(subject, wanted.q_sample),
    t: subject.arithmetic.timesteps(wanted.t),
  };
}

eachArithmetic((subject) => {
  const { xStart, noise, x, t } = common(subject);
  const eps = caseOf(subject, 'eps|fixedsmall').diffusion;

  test(`${subject.name}: q(x_t | x_0) and its posterior`, (ava) => {
    close(ava, subject, eps.qSample(xStart, t, noise), wanted.q_sample, 'qSample');
    const q = eps.qMeanVariance(xStart, t);
    close(ava, subject, q.mean, wanted.q_mean_variance.mean, 'mean');
    close(ava, subject, q.variance, wanted.q_mean_variance.variance, 'variance');
    close(ava, subject, q.logVariance, wanted.q_mean_variance.log_variance, 'log variance');
    const posterior = eps.qPosteriorMeanVariance(xStart, x, t);
    close(ava, subject, posterior.mean, wanted.q_posterior.mean, 'posterior mean');
    close(ava, subject, posterior.variance, wanted.q_posterior.variance, 'posterior variance');
    close(ava, subject, posterior.logVariance, wanted.q_posterior.log_variance_clipped, 'posterior log');
    ava.pass();
  });

  test(`${subject.name}: x_0, eps, v and x_{t-1} from each other`, (ava) => {
    const net = given(subject, inputs.net);
    const same = (got: unknown, key: string) => close(ava, subject, got, wanted[key], key);
    same(eps.predictXStartFromEps(x, t, net), 'predict_xstart_from_eps');
    same(eps.predictXStartFromXPrev(x, t, net), 'predict_xstart_from_xprev');
    same(eps.predictEpsFromXStart(x, t, net), 'predict_eps_from_xstart');
    same(eps.vFrom(xStart, t, noise), 'v_target');
    close(ava, subject, eps.predictXStartFromV(x, t, eps.vFrom(xStart, t, noise)), inputs.x_start, 'v');
  });

  test(`${subject.name}: p(x_{t-1} | x_t) of every mean and variance type`, (ava) => {
    for (const [key, want] of Object.entries<any>(wanted.p_mean_variance)) {
      const { diffusion, output, clipDenoised } = caseOf(subject, key);
      const got = diffusion.pMeanVariance({ output, x, t, clipDenoised });
      close(ava, subject, got.mean, want.mean, `${key} mean`);
      close(ava, subject, got.predXStart, want.pred_xstart, `${key} xStart`);
      if (!want.variance) continue;
      close(ava, subject, got.variance, want.variance, `${key} variance`);
      close(ava, subject, got.logVariance, want.log_variance, `${key} log variance`);
    }
  });

  test(`${subject.name}: a step of sampling, every mean and variance type`, (ava) => {
    const drawn = given(subject, inputs.noise);
    for (const [key, want] of Object.entries<any>(wanted.p_sample)) {
      const { diffusion, output } = caseOf(subject, key);
      const { sample } = diffusion.pSample({ output, x, t, noise: drawn, clipDenoised: true });
      close(ava, subject, sample, want, key);
    }
  });

  test(`${subject.name}: terms of the bound`, (ava) => {
    for (const [key, want] of Object.entries<any>(wanted.vb_terms_bpd)) {
      const { diffusion, output, clipDenoised } = caseOf(subject, key);
      const { vb } = vbTermsBpd(diffusion, { output, xStart, xT: x, t, clipDenoised });
      close(ava, subject, vb, want.output, key);
      const first = subject.arithmetic.timesteps([0, 0]);
      const decoder = vbTermsBpd(diffusion, { output, xStart, xT: x, t: first, clipDenoised });
      ava.true(subject.values(decoder.vb).every(Number.isFinite), key);
    }
  });

  test(`${subject.name}: training losses`, (ava) => {
    for (const [key, want] of Object.entries<any>(wanted.training_losses)) {
      const { diffusion, output } = caseOf(subject, key);
      const { loss, weighted } = trainingLosses({ diffusion, model: () => output, xStart, t, noise });
      close(ava, subject, loss, want, key);
      close(ava, subject, weighted, subject.values(loss), key);
    }
  });
});
