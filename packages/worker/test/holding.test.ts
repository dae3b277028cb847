import test from 'ava';
import type { TrainState } from '@ddpm-fleet/checkpoint';
import { Holding, type StateHolder } from '../src/holding.js';

const STATE = { globalStep: 7 } as TrainState;

/** A device on which every state has this fingerprint. */
function holding(fingerprint: bigint): Holding {
  const device: StateHolder = {
    loadInitialState: async () => {},
    loadState: async () => {},
    fingerprint: async () => fingerprint,
    apply: async () => ({ gradNorm: 0, lr: 0, root: new Float32Array(), computeMs: 0 }),
    skip: async () => {},
  };
  return new Holding(device);
}

for (const fingerprint of [0x0123456789abcdefn, 0xfedcba9876543210n]) {
  const text = fingerprint.toString(16).padStart(16, '0');
  test(`a state that is what its sender had is held: ${text}`, async (t) => {
    const held = holding(fingerprint);
    t.true(await held.load({ from: 'elsewhere', state: STATE, fingerprint: text }));
    t.is(held.globalStep, 7);
  });
}

test('a damaged state is not held, and a host that damages every one of them gives up', async (t) => {
  const held = holding(5n);
  const damaged = { from: 'elsewhere', state: STATE, fingerprint: '0000000000000006' } as const;
  t.false(await held.load(damaged));
  t.is(held.globalStep, undefined);
  t.false(await held.load(damaged));
  await t.throwsAsync(held.load(damaged), { code: 'DDPM_ERR_STATE_DAMAGED' });
});

test('only what is damaged in a row counts', async (t) => {
  const held = holding(5n);
  const damaged = { from: 'elsewhere', state: STATE, fingerprint: '0000000000000006' } as const;
  const whole = { ...damaged, fingerprint: '0000000000000005' };
  for (let i = 0; i < 4; i++) {
    t.false(await held.load(damaged));
    t.true(await held.load(whole));
  }
});
