import test from 'ava';
import { FrameKind, stateFrames, stateMessage, type DataFrame, type StateHeader } from '@ddpm-fleet/protocol';
import { decoded } from './frames.js';
import { greeting, STATE, working, type Scene } from './scene.js';

const CHECKPOINT = { from: 'checkpoint', globalStep: 7, location: '/c', digest: 'd'.repeat(64) } as const;

const announcement = (transfer = 3) => stateMessage(STATE, transfer, '0000000000000009');

function frames(transfer = 3): DataFrame<StateHeader>[] {
  const sent = [...stateFrames(STATE, { run: 1n, generation: 1, transfer })];
  return sent.map((parts) => decoded(parts, FrameKind.state));
}

function receive(scene: Scene, transfer = 3): string[] {
  const effects = scene.hear(announcement(transfer));
  return [...effects, ...frames(transfer).flatMap((frame) => scene.take({ type: 'frame', frame }))];
}

test('the seed: the state is made, then READY says so', (t) => {
  const scene = greeting();
  t.deepEqual(scene.welcome({ from: 'seed', globalStep: 0 }), ['load']);
  t.is(scene.effect('load').state, 'seed');
  t.deepEqual(scene.take({ type: 'loaded', fingerprint: undefined }), ['fingerprint']);
  t.deepEqual(scene.take({ type: 'fingerprinted', fingerprint: 1n }), ['READY']);
});

test('what is named as held and is not is greeted again', (t) => {
  const scene = working();
  t.deepEqual(scene.welcome({ from: 'held', globalStep: 5 }, 2), ['attach', 'HELLO']);
});

test('a state of a peer is taken in when all of it is here, whatever came first', (t) => {
  const scene = greeting();
  for (const frame of frames()) t.deepEqual(scene.take({ type: 'frame', frame }), []);
  t.deepEqual(scene.welcome({ from: 'peer', globalStep: 7, transfer: 3 }), []);
  t.deepEqual(scene.hear(announcement()), ['load']);
  t.deepEqual(scene.effect('load').state, STATE);
  t.deepEqual(scene.take({ type: 'loaded', fingerprint: 9n }), ['fingerprint']);
  t.is(scene.replica.held?.globalStep, 7);
});

test('of frames that came before their WELCOME only those of its transfer are kept', (t) => {
  const scene = greeting();
  for (const frame of frames(2)) scene.take({ type: 'frame', frame });
  scene.welcome({ from: 'peer', globalStep: 7, transfer: 3 });
  t.deepEqual(scene.hear(announcement(2)), []);
  t.deepEqual(receive(scene), ['load']);
});

test('a checkpoint is read, and asked of the coordinator where it cannot be', (t) => {
  const scene = greeting();
  t.deepEqual(scene.welcome(CHECKPOINT), ['readCheckpoint']);
  t.deepEqual(scene.take({ type: 'checkpointRead', source: CHECKPOINT, state: STATE }), ['load']);
  t.false(scene.effect('load').fingerprint);

  const far = greeting();
  far.welcome(CHECKPOINT);
  t.deepEqual(far.take({ type: 'checkpointRead', source: CHECKPOINT, state: undefined }), ['STATE_REQUEST']);
  t.like(far.sent('STATE_REQUEST'), { transfer: 0, globalStep: 7 });
  t.deepEqual(receive(far, 0), ['load']);
});

test('a checkpoint that is no longer wanted is not taken in', (t) => {
  const scene = greeting();
  scene.welcome(CHECKPOINT);
  scene.welcome({ from: 'seed', globalStep: 0 }, 2);
  t.deepEqual(scene.take({ type: 'checkpointRead', source: CHECKPOINT, state: STATE }), []);
  t.deepEqual(scene.take({ type: 'loaded', fingerprint: undefined }), ['fingerprint']);
  t.is(scene.replica.held?.globalStep, 0);
});

test('a WELCOME during a load waits for it, and what was loaded is not what is worked on', (t) => {
  const scene = greeting();
  scene.welcome({ from: 'seed', globalStep: 0 });
  t.deepEqual(scene.welcome(CHECKPOINT, 2), ['readCheckpoint']);
  t.deepEqual(scene.take({ type: 'checkpointRead', source: CHECKPOINT, state: STATE }), []);
  t.deepEqual(scene.take({ type: 'loaded', fingerprint: undefined }), ['load']);
  t.is(scene.replica.held, null);
  t.deepEqual(scene.take({ type: 'loaded', fingerprint: undefined }), ['fingerprint']);
  t.is(scene.replica.held!.globalStep, 7);
});

function receiveDamaged(scene: Scene): string[] {
  scene.welcome({ from: 'peer', globalStep: 7, transfer: 3 });
  receive(scene);
  return scene.take({ type: 'loaded', fingerprint: 8n });
}

test('a damaged state is not held; a host that damages every one of them gives up', (t) => {
  const scene = greeting();
  t.deepEqual(receiveDamaged(scene), ['attach', 'HELLO']);
  t.is(scene.sent('HELLO').held, null);
  receiveDamaged(scene);
  t.deepEqual(receiveDamaged(scene), ['LEAVE', 'exit 75']);
  t.regex(scene.effect('exit').end.reason, /state/);
  t.deepEqual(scene.take({ type: 'connected' }), [], 'it is over');
});

test('only what is damaged in a row counts', (t) => {
  const scene = greeting();
  for (let i = 0; i < 4; i++) {
    receiveDamaged(scene);
    scene.welcome({ from: 'peer', globalStep: 7, transfer: 3 });
    receive(scene);
    scene.take({ type: 'loaded', fingerprint: 9n });
    t.is(scene.state.phase.name, 'working');
    scene.take({ type: 'fingerprinted', fingerprint: 9n });
    scene.take({ type: 'connected' });
  }
});

test('a state without parameters is a damaged one', (t) => {
  const scene = greeting();
  scene.welcome({ from: 'peer', globalStep: 7, transfer: 3 });
  const message = { ...announcement(), sections: [{ name: 'optimizer.m', count: 0 }] };
  t.deepEqual(scene.hear(message), ['attach', 'HELLO']);
});
