import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Scene } from './scene.js';

async function twoWorkers(t: Parameters<typeof Scene.open>[0]) {
  const scene = await Scene.open(t);
  await scene.coordinator();
  await scene.worker(0);
  const far = await scene.workerBehindProxies(1);
  await scene.active(2);
  await scene.reach(5);
  return { scene, ...far };
}

for (const [what, directions] of [
  ['both directions', ['toServer', 'toClient']],
  ['what the worker says', ['toServer']],
  ['what the worker hears', ['toClient']],
] as const) {
  test.serial(
    `a cut network, ${what}: noticed in 2 s, no sample lost, healed when it is mended`,
    async (t) => {
      t.timeout(300_000);
      const { scene, control, data } = await twoWorkers(t);
      const at = Date.now();
      for (const proxy of [control, data]) proxy.cut(...directions);
      await sleep(4000);
      const cutSteps = scene
        .journal()
        .filter(({ kind, at: when }) => kind === 'step' && Date.parse(when) > at);
      for (const proxy of [control, data]) proxy.mend();
      await scene.endsWell();
      t.is(control.injected.cuts + data.injected.cuts, 2);
      t.true(control.injected.heldChunks + data.injected.heldChunks > 0);
      t.true(cutSteps.length > 0, 'the run went on meanwhile');
      if (directions[0] === 'toServer') {
        const noticed = scene.noticedAfter('worker-1', at);
        t.log(`noticed after ${noticed} ms`);
        t.true(noticed <= 2000, `${noticed} ms`);
      }
    },
  );
}

test.serial('connections that are reset again and again', async (t) => {
  t.timeout(300_000);
  const { scene, control, data } = await twoWorkers(t);
  for (let k = 0; k < 6; k++) {
    (k % 2 ? control : data).reset();
    await sleep(300);
  }
  await scene.endsWell();
  t.log(`${control.injected.resets} control and ${data.injected.resets} data pipes were reset`);
  t.true(control.injected.resets >= 2 && data.injected.resets >= 2);
});

test.serial('a far worker: 80 ms each way', async (t) => {
  t.timeout(300_000);
  const { scene, control, data } = await twoWorkers(t);
  for (const proxy of [control, data]) proxy.delay(80);
  await scene.endsWell();
  t.log(`${data.injected.heldChunks} chunks were late`);
  t.true(data.injected.heldChunks > 20);
});

test.serial('a link of 2 MB/s: the run does not wait for it for ever', async (t) => {
  t.timeout(400_000);
  const { scene, data } = await twoWorkers(t);
  data.throttle(2_000_000);
  await scene.endsWell();
  t.log(`${data.injected.heldChunks} chunks were late`);
  t.true(data.injected.heldChunks > 20);
});
