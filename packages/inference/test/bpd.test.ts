import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs';
import { drawNormal, imageAddress, Purpose, viewOf } from '@ddpm-fleet/core';
import { calcBpdLoop, device, GaussianDiffusion } from '@ddpm-fleet/diffusion';
import { unet } from '@ddpm-fleet/model';
import { unetConfigOf } from '@ddpm-fleet/trainer';
import test from 'ava';
import { BoundMeter } from '../src/index.js';
import { compiledEngine, tinyModel } from './support/tinyModel.js';

const SIZE = 8 * 8 * 3;
const images = Uint8Array.from({ length: 3 * SIZE }, (_, i) => (i * 89) % 256);

for (const set of [[], ['diffusion.modelVarType=learnedRange', 'diffusion.lossType=hybrid']]) {
  test.serial(`the bound is that of calc_bpd_loop, op by op: ${set.join(' ')}`, async (t) => {
    const engine = await compiledEngine();
    const model = tinyModel(['diffusion.numTimesteps=5', ...set]);
    const meter = await BoundMeter.open(engine, model, 4);
    const got = meter.measure({ images, first: 7, seed: 2 });
    t.is(got.vb.length, 3 * 5);
    await tf.setBackend('cpu');
    const want = tf.tidy(() => {
      const views = new Map(
        model.layout.entries.map((e) => [e.name, tf.tensor(viewOf(model.weights, e).slice(), [...e.shape])]),
      );
      const noise = (step: number): tf.Tensor => {
        const at = imageAddress(2, Purpose.evaluate, 7n, SIZE, BigInt(step));
        return tf.tensor(drawNormal(at, 3, SIZE), [3, 8, 8, 3]);
      };
      const xStart = tf.sub(tf.div(tf.tensor(Float32Array.from(images), [3, 8, 8, 3]), 127.5), 1);
      const config = unetConfigOf(model.config, model.image);
      const { total, prior, steps } = calcBpdLoop<tf.Tensor>(
        GaussianDiffusion.fromConfig(device, model.config.diffusion),
        {
          model: (x, at) => unet(config, (name) => views.get(name)!, x as tf.Tensor4D, at as tf.Tensor1D),
          xStart,
          noise,
        },
      );
      return {
        total: total.dataSync(),
        prior: prior.dataSync(),
        vb0: steps[0]!.vb.dataSync(),
        mse3: steps[3]!.xStartMse.dataSync(),
      };
    });
    const near = (a: number, b: number, what: string): void => {
      t.true(Math.abs(a - b) < 2e-4 * Math.max(1, Math.abs(b)), `${what}: ${a}, ${b}`);
    };
    for (let i = 0; i < 3; i++) {
      near(got.total[i]!, want.total[i]!, `total ${i}`);
      near(got.prior[i]!, want.prior[i]!, `prior ${i}`);
      near(got.vb[i * 5]!, want.vb0[i]!, `decoder ${i}`);
      near(got.xStartMse[i * 5 + 3]!, want.mse3[i]!, `mse ${i}`);
    }
    meter.dispose();
    await engine.dispose();
  });
}
