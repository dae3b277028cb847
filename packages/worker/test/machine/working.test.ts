import { fleetError } from '@ddpm-fleet/core';
import test from 'ava';
import { rootFrame, stepCommit } from './frames.js';
import { RUN, working, type Scene } from './scene.js';

const SUM = new Float32Array([4, 5, 6]);
const { heartbeatMs, livenessMs } = RUN.config.fleet;

function beat(scene: Scene, slots = 0): string[] {
  return scene.take({ type: 'tick', due: 'heartbeat', progress: { globalStep: 0, slots } });
}

test('all subtrees are handed over before the first is done, and each sum goes out as it is', (t) => {
  const scene = working();
  t.deepEqual(scene.lease(0, 1, 4), ['compute 0 [1, 2) [2, 4)']);
  t.deepEqual(scene.done(0, 0, 1, SUM), ['sendSum 0 [1, 2) of 1']);
  t.is(scene.effect('sendSum').sum, SUM);
  t.deepEqual(scene.lease(0, 0, 1, 2), ['compute 0 [0, 1)'], 'more is handed over beside what is under way');
  t.deepEqual(scene.done(0, 1, 1, SUM), ['sendSum 0 [2, 4) of 1']);
  t.deepEqual(scene.done(0, 0, 0, SUM), ['sendSum 0 [0, 1) of 2']);
});

test('a step is applied once, when all of its root is here, with memory that is used again', (t) => {
  const scene = working();
  t.deepEqual(scene.commit(0), ['apply']);
  const root = scene.effect('apply').root!;
  t.deepEqual(root.sum, new Float32Array([1, 2, 3]));
  t.deepEqual(scene.commit(1), [], 'the device is busy');
  t.deepEqual(scene.take({ type: 'applied', root: root.sum, computeMs: 3 }), ['apply']);
  scene.take({ type: 'applied', root: new Float32Array(3), computeMs: 3 });
  t.is(scene.replica.held?.globalStep, 2);
  scene.commit(2);
  scene.take({ type: 'applied', root: undefined, computeMs: 3 });
  scene.commit(3);
  t.is(scene.effect('apply').root?.sum, root.sum);
});

test('where the time of a step went is said as it is applied', (t) => {
  const scene = working();
  scene.lease(0);
  scene.done(0, 2, 0, SUM);
  scene.commit(0);
  scene.now = 40.04;
  scene.take({ type: 'applied', root: undefined, computeMs: 3.33 });
  const fields = { globalStep: 1, stepMs: 40, slotsMs: 10, applyMs: 3.3, fingerprintMs: 0 };
  t.deepEqual(scene.effect('log'), { type: 'log', level: 'info', text: 'applied', fields });
});

test('a skipped step needs no root; the fingerprint is told where it is asked for', (t) => {
  const scene = working();
  t.deepEqual(scene.hear(stepCommit(0, { skipped: true, fingerprint: true })), ['apply']);
  t.is(scene.effect('apply').root, undefined);
  t.deepEqual(scene.take({ type: 'applied', root: undefined, computeMs: 0 }), ['fingerprint']);
  t.deepEqual(scene.take({ type: 'fingerprinted', fingerprint: 2n }), ['FINGERPRINT']);
  t.like(scene.sent('FINGERPRINT'), { globalStep: 1, value: '0000000000000002' });
});

test('a step that stands calls its slots off; a lease of another step waits for it', (t) => {
  const scene = working();
  scene.lease(0);
  t.deepEqual(scene.lease(1), []);
  t.deepEqual(scene.commit(0), [], 'the slots come back first');
  t.deepEqual(scene.done(0, 2, 0), ['apply']);
  t.deepEqual(scene.take({ type: 'applied', root: undefined, computeMs: 0 }), ['compute 1 [0, 4)']);
});

test('an abort calls off; what is still owed is computed anew, and sums of what is not are dropped', (t) => {
  const scene = working();
  scene.lease(0);
  const runs = [{ start: 2, end: 4 }];
  const abort = { type: 'STEP_ABORT', generation: 1, globalStep: 0, runs, reason: 'slow' } as const;
  t.deepEqual(scene.hear(abort), ['compute 0 [0, 2)', 'cancel'].toReversed());
  t.deepEqual(scene.done(0, 2, 0, SUM), []);
  t.deepEqual(scene.done(0, 1, 0, SUM), ['sendSum 0 [0, 2) of 1']);
});

test('parts of a root of an older generation are of another past', (t) => {
  const scene = working();
  scene.commit(0);
  scene.take({ type: 'applied', root: undefined, computeMs: 0 });
  scene.take({ type: 'frame', frame: rootFrame(1, 0, SUM, 1) });
  scene.welcome({ from: 'held', globalStep: 1 }, 3);
  scene.take({ type: 'fingerprinted', fingerprint: 1n });
  t.deepEqual(scene.commit(1, 2), []);
  t.deepEqual(scene.commit(1, 3), ['apply']);
});

test('a bucket that this layout does not have is dropped, and said', (t) => {
  const scene = working();
  scene.take({ type: 'frame', frame: rootFrame(0, 5, SUM) });
  t.like(scene.effect('log'), { level: 'warn' });
  t.deepEqual(scene.commit(0), ['apply']);
});

test('a snapshot waits a moment for slots that may be about to be leased', (t) => {
  const scene = working();
  scene.now = 20;
  t.deepEqual(scene.hear({ type: 'STATE_REQUEST', globalStep: 0, transfer: 4 }), ['wake snapshot 31']);
  t.deepEqual(scene.lease(0), ['compute 0 [0, 4)']);
  t.deepEqual(scene.done(0, 2, 0, SUM), ['sendSum 0 [0, 4) of 1', 'readState']);
  const state = {} as never;
  t.deepEqual(scene.take({ type: 'stateRead', state, fingerprint: 3n }), ['sendState']);
  t.like(scene.effect('sendState'), { transfer: 4, generation: 1, fingerprint: 3n });
});

test('and is taken without them after that', (t) => {
  const scene = working();
  scene.hear({ type: 'EVALUATE', globalStep: 0, weights: 'raw' });
  scene.now = 51;
  const progress = { globalStep: 0, slots: 0 };
  t.deepEqual(scene.take({ type: 'tick', due: 'snapshot', progress }), ['evaluate']);
  t.deepEqual(scene.take({ type: 'evaluated', loss: NaN }), ['EVALUATED']);
  t.is(scene.sent('EVALUATED').loss, null);
});

test('a heartbeat says how far it is, and the next one is asked for', (t) => {
  const scene = working();
  t.deepEqual(beat(scene, 3), ['HEARTBEAT', `wake heartbeat ${heartbeatMs}`]);
  t.like(scene.sent('HEARTBEAT'), { generation: 1, globalStep: 0, progress: 3 });
  scene.commit(0);
  scene.take({ type: 'applied', root: undefined, computeMs: 0 });
  beat(scene, 3);
  t.like(scene.sent('HEARTBEAT'), { globalStep: 1, progress: 0 });
});

test('a root that does not arrive, though its step stands, was lost: HELLO again', (t) => {
  const scene = working();
  scene.hear(stepCommit(0));
  scene.now = livenessMs;
  t.false(beat(scene).includes('HELLO'));
  scene.now = livenessMs + 1;
  t.deepEqual(beat(scene).slice(2), ['attach', 'HELLO']);
  t.false(beat(scene).includes('HELLO'), 'once');
});

test('it ends as it is told, and calls off what it was at', (t) => {
  const ends = [
    [{ type: 'SHUTDOWN', completed: true, reason: 'complete' }, ['cancel', 'exit 0']],
    [{ type: 'SHUTDOWN', completed: false, reason: 'stopped' }, ['cancel', 'exit 1']],
    [{ type: 'REJECT', code: 'unlike', reason: 'another layout' }, ['cancel', 'exit 2']],
    [{ type: 'DRAIN', reason: 'scaled down' }, ['LEAVE', 'cancel', 'exit 0']],
  ] as const;
  for (const [message, effects] of ends) {
    const scene = working();
    scene.lease(0);
    t.deepEqual(scene.hear(message), [...effects]);
    t.deepEqual(scene.lease(0), []);
  }
  const scene = working();
  t.deepEqual(scene.take({ type: 'failed', error: new Error('x'.repeat(3000)) }), ['LEAVE', 'exit 1']);
  t.is(scene.sent('LEAVE').reason.length, 2000);
});

test('the exit code tells what time may mend from what would be the same again', (t) => {
  const codeOf = (error: Error) => working().take({ type: 'failed', error }).at(-1);
  t.is(codeOf(new Error('no kernel')), 'exit 1');
  t.is(codeOf(fleetError('DDPM_ERR_DATA_EMPTY', { path: '/d', what: 'a picture' })), 'exit 2');
  t.is(codeOf(fleetError('DDPM_ERR_COMPUTE_DIED', { reason: 'it exited' })), 'exit 75');
  t.is(codeOf(Object.assign(new Error('EIO'), { syscall: 'read' })), 'exit 75');
});

test('a refusal ends a worker that was never let in', (t) => {
  t.deepEqual(working().take({ type: 'refused', reason: 'no key' }), []);
});
