import test from 'ava';
import { greeting, Scene, working } from './scene.js';

test('HELLO and what is held belong to one turn: an apply under way is over first, and counts', (t) => {
  const scene = working();
  t.deepEqual(scene.commit(0), ['apply']);
  t.deepEqual(scene.hear({ type: 'HELLO_AGAIN', forget: false }), [], 'the device is busy');
  const { root } = { root: new Float32Array(3) };
  t.deepEqual(scene.take({ type: 'applied', root, computeMs: 1 }), ['attach', 'HELLO']);
  const { held } = scene.sent('HELLO');
  t.is(held?.globalStep, 1);
  t.is(held?.lineHash, scene.replica.held!.log.head);
  t.deepEqual(scene.welcome({ from: 'held', globalStep: 1 }, 2), ['fingerprint'], 'the very next thing read');
  t.deepEqual(scene.take({ type: 'fingerprinted', fingerprint: 5n }), ['READY']);
  t.like(scene.sent('READY'), { globalStep: 1, fingerprint: '0000000000000005' });
});

test('slots under way are called off, and HELLO waits until each is answered', (t) => {
  const scene = working();
  t.deepEqual(scene.lease(0, 0, 3), ['compute 0 [0, 2) [2, 3)']);
  t.deepEqual(scene.take({ type: 'connected' }), ['cancel']);
  t.deepEqual(scene.done(0, 1, 0, new Float32Array(3)), [], 'nobody waits for that sum any more');
  t.deepEqual(scene.done(0, 0, 2), ['attach', 'HELLO']);
  t.is(scene.sent('HELLO').held?.globalStep, 0);
});

test('a fingerprint that a commit asked for is sent before HELLO', (t) => {
  const scene = working();
  scene.commit(0);
  scene.replica.call = { kind: 'fingerprint', for: 'commit', begunAt: 0 };
  scene.take({ type: 'connected' });
  t.deepEqual(scene.take({ type: 'fingerprinted', fingerprint: 5n }), ['FINGERPRINT', 'attach', 'HELLO']);
});

test('READY is not said by one who is about to say HELLO', (t) => {
  const scene = greeting();
  scene.welcome({ from: 'seed', globalStep: 0 });
  t.deepEqual(scene.take({ type: 'loaded', fingerprint: undefined }), ['fingerprint']);
  scene.take({ type: 'connected' });
  t.deepEqual(scene.take({ type: 'fingerprinted', fingerprint: 5n }), ['attach', 'HELLO']);
});

test('a WELCOME that comes before HELLO is said answers an earlier one', (t) => {
  const scene = working();
  scene.commit(0);
  scene.take({ type: 'connected' });
  t.deepEqual(scene.welcome({ from: 'seed', globalStep: 0 }, 2), []);
  t.is(scene.state.phase.name, 'greeting');
  t.deepEqual(scene.take({ type: 'applied', root: undefined, computeMs: 1 }), ['attach', 'HELLO']);
});

test('whoever is told to forget holds nothing, however often HELLO is asked for meanwhile', (t) => {
  const scene = working();
  scene.commit(0);
  scene.hear({ type: 'HELLO_AGAIN', forget: true });
  scene.hear({ type: 'HELLO_AGAIN', forget: false });
  scene.take({ type: 'applied', root: undefined, computeMs: 1 });
  t.is(scene.sent('HELLO').held, null);
  t.deepEqual(scene.hear({ type: 'COMMITS_REQUEST', from: 0 }), ['COMMITS']);
  t.deepEqual(scene.sent('COMMITS').lines, []);
});

test('a coordinator that lost its tail gets the lines, also before it says WELCOME', (t) => {
  const scene = working();
  scene.commit(0);
  scene.take({ type: 'applied', root: undefined, computeMs: 1 });
  scene.take({ type: 'connected' });
  scene.hear({ type: 'COMMITS_REQUEST', from: 0 });
  t.deepEqual(scene.sent('COMMITS').lines, ['{"step":0}']);
});

test('HELLO is said as often as it is asked for', (t) => {
  const scene = greeting();
  t.is(scene.sent('HELLO').held, null);
  t.deepEqual(scene.hear({ type: 'HELLO_AGAIN', forget: false }), ['attach', 'HELLO']);
  t.deepEqual(scene.take({ type: 'connected' }), ['attach', 'HELLO']);
});

test('leases and questions of the time before are gone', (t) => {
  const scene = working();
  scene.hear({ type: 'STATE_REQUEST', globalStep: 1, transfer: 4 });
  scene.lease(1);
  scene.take({ type: 'connected' });
  scene.lease(0);
  t.deepEqual(scene.welcome({ from: 'held', globalStep: 0 }, 2), ['fingerprint']);
  t.deepEqual(scene.take({ type: 'fingerprinted', fingerprint: 1n }), ['READY']);
  scene.commit(0, 2);
  t.deepEqual(scene.take({ type: 'applied', root: undefined, computeMs: 1 }), []);
});

test('JOIN is said until the run is known, and not while it is prepared for', (t) => {
  const scene = new Scene();
  t.deepEqual(scene.take({ type: 'start' }), ['wake heartbeat 500']);
  t.deepEqual(scene.take({ type: 'connected' }), ['JOIN']);
  t.deepEqual(scene.hear({ type: 'HELLO_AGAIN', forget: false }), ['JOIN']);
});
