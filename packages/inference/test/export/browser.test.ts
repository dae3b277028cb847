import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import test from 'ava';
import { exportGraphModel } from '../../src/index.js';
import { temporaryDirectory } from '../support/directory.js';
import { serveFolders } from '../support/fileServer.js';
import { batchFor, outputsOf, randomModel, SHAPES, worstDifference } from '../support/models.js';

const TOLERANCE = 1e-4;
const PLACES = [process.env['DDPM_TEST_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/google-chrome'];
const CHROMIUM = PLACES.find((path) => path !== undefined && existsSync(path));
const LIBRARY = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs/dist/tf.min.js'));

/** What the page is asked to do; everything in it is JSON. */
interface Request {
  readonly address: string;
  readonly shape: number[];
  readonly x: number[];
  readonly t: number[];
}

/** Runs in the page, where `tf` is what the script of TF.js made. */
async function predictInPage({ address, shape, x, t }: Request): Promise<number[]> {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const tf = (globalThis as any).tf;
  await tf.setBackend('webgl');
  if (tf.getBackend() !== 'webgl') throw new Error(`the backend is ${tf.getBackend()}`);
  const model = await tf.loadGraphModel(address);
  const y = model.predict({ x: tf.tensor4d(x, shape), t: tf.tensor1d(t, 'int32') });
  return [...(await y.data())];
}

const inBrowser = CHROMIUM ? test.serial : test.serial.skip;
if (!CHROMIUM)
  console.log('TF.js is run in a browser only where there is Chromium, or DDPM_TEST_CHROMIUM names one');

inBrowser('Chromium loads the quickstart’s network by its address and computes the same', async (t) => {
  t.timeout(240_000);
  const model = randomModel(SHAPES.quickstart);
  const out = temporaryDirectory(t);
  exportGraphModel(model, out);
  const address = await serveFolders(t, { model: out, tfjs: LIBRARY });
  const batch = { ...batchFor(model, 2), t: Int32Array.of(3, 741) };
  const [expected] = await outputsOf(model, [batch]);
  const browser = await chromium.launch({
    executablePath: CHROMIUM!,
    args: ['--no-sandbox', '--no-first-run', '--disable-background-networking', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'], // prettier-ignore
  });
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  await page.goto(address);
  await page.addScriptTag({ url: `${address}/tfjs/tf.min.js` });
  const shape = [2, model.image.size, model.image.size, model.image.channels];
  const request = { address: `${address}/model/model.json`, shape, x: [...batch.x], t: [...batch.t] };
  const worst = worstDifference(await page.evaluate(predictInPage, request), expected!);
  t.log(`WebGL in Chromium ${browser.version()}: largest difference ${worst.toExponential(1)}`);
  t.true(worst < TOLERANCE, `${worst}`);
});
