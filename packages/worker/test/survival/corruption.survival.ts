import test from 'ava';
import { digestOf, journal, logOf, makeRun, planOf, train } from '../integration/fleet.js';
import { localDriver } from '@ddpm-fleet/launcher';

const EVERY = 5;
const FLIPPED_AT = 12;
const SET = [
  'train.steps=24',
  'checkpoint.everySteps=5',
  'checkpoint.everySeconds=0',
  `fleet.fingerprintEvery=${EVERY}`,
  'fleet.minWorkers=3',
];

test.serial(
  'a bit that flips in one replica is found, its worker named and healed; the digest is right',
  async (t) => {
    t.timeout(300_000);
    const peaceful = await makeRun(t, [...SET, 'fleet.minWorkers=1']);
    await train(t, peaceful, 1);
    const dir = await makeRun(t, SET);
    const plan = planOf(dir, 3);
    const driver = localDriver({ graceMs: 5000 });
    t.teardown(() => driver.close());
    const coordinator = await driver.start(plan.coordinator);
    for (const spec of plan.workers)
      await driver.start({ ...spec, env: { ...spec.env, DDPM_DEBUG_FLIP: `${FLIPPED_AT}:worker-1` } });
    t.is((await coordinator.exited).code, 0);
    const lines = journal(dir) as unknown as { kind: string; globalStep: number; differing?: string[] }[];
    const found = lines.filter(({ kind, differing }) => kind === 'fingerprint' && differing!.length > 0);
    t.deepEqual(
      found.map(({ differing }) => differing),
      [['worker-1']],
    );
    t.true(found[0]!.globalStep - FLIPPED_AT <= EVERY, `found at step ${found[0]!.globalStep}`);
    t.is(lines.filter(({ kind }) => kind === 'rewind').length, 1, 'what it had sent was not kept');
    t.is(await digestOf(dir), await digestOf(peaceful));
    t.regex(logOf(dir, 'coordinator'), /replicas differ after step 15: worker-1/);
    t.log(
      `flipped at step ${FLIPPED_AT}, found at ${found[0]!.globalStep}, digest ${(await digestOf(dir)).slice(0, 16)}`,
    );
  },
);
