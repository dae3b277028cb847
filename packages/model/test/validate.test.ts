import { isFleetError } from '@ddpm-fleet/core';
import test from 'ava';
import { validateUNetConfig, type UNetConfig } from '../src/index.js';
import { CIFAR, TINY } from './support/configs.js';

function refusal(config: UNetConfig): string {
  try {
    validateUNetConfig(config);
  } catch (error) {
    if (isFleetError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'taken';
}

test('what works is taken', (t) => {
  t.is(refusal(CIFAR), 'taken');
  t.is(refusal(TINY), 'taken');
  t.is(refusal({ ...CIFAR, imageSize: 28, chMult: [1, 2, 2], attnResolutions: [14] }), 'taken');
  t.is(refusal({ ...TINY, kind: 'zoubohao-conditional', numClasses: 2, numTimesteps: 10 }), 'taken');
});

test('a size that cannot be halved is refused with the sizes and levels that work', (t) => {
  const message = refusal({ ...CIFAR, imageSize: 28 });
  t.regex(message, /DDPM_ERR_MODEL_SIZE/);
  t.regex(message, /multiples of 8 \(data.size 24 or 32\)/);
  t.regex(message, /28 takes at most 3 levels \(feature sizes 28, 14, 7\)/);
  t.regex(
    refusal({ ...CIFAR, imageSize: 5, attnResolutions: [] }),
    /data.size 8 or 16.*5 takes at most 1 levels/,
  );
});

test('attention at a size that no level has is refused with the sizes that they have', (t) => {
  t.regex(refusal({ ...CIFAR, attnResolutions: [14] }), /attnResolutions.*\(32, 16, 8, 4\), but it is 14/);
});

test('channels that groups do not divide are refused with a number that works', (t) => {
  t.regex(refusal({ ...TINY, numGroups: 32 }), /numGroups must divide the 8 channels.* is 32. 8 works/);
});

test('trap 15: a width whose embedding divides by zero is refused', (t) => {
  t.regex(refusal({ ...TINY, ch: 2, numGroups: 1 }), /model.ch .* at least 4, but it is 2/);
  t.regex(refusal({ ...TINY, ch: 3, numGroups: 1 }), /model.ch/);
  t.is(refusal({ ...TINY, kind: 'improved', ch: 2, numGroups: 1 }), 'taken');
});

test('heads must divide the channels', (t) => {
  t.regex(refusal({ ...TINY, numHeads: 3 }), /numHeads must divide the 16 channels of down_1\/attn_0/);
  t.regex(refusal({ ...TINY, numHeadChannels: 5 }), /numHeadChannels must divide/);
});

test('settings that a variant does not have are refused', (t) => {
  t.regex(refusal({ ...TINY, kind: 'zoubohao', numClasses: 2 }), /zoubohao-conditional/);
  t.regex(
    refusal({ ...TINY, kind: 'zoubohao', useScaleShiftNorm: true }),
    /useScaleShiftNorm does not exist/,
  );
  t.regex(
    refusal({ ...TINY, kind: 'zoubohao-conditional', numTimesteps: 10 }),
    /numClasses must be at least 1/,
  );
});

test('numbers that make no sense are refused', (t) => {
  t.regex(refusal({ ...TINY, dropout: 1 }), /dropout must be in \[0, 1\)/);
  t.regex(refusal({ ...TINY, numResBlocks: 0 }), /numResBlocks must be a positive integer/);
  t.regex(refusal({ ...TINY, chMult: [] }), /chMult/);
  t.regex(refusal({ ...TINY, chMult: [1, 0.3] }), /chMult/);
});
