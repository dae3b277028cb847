import test from 'ava';
import { createHash } from 'node:crypto';
import { emaName } from '@ddpm-fleet/core';
import { sampleSnapshot, withPowerAverages } from '../src/conformance/sample.js';
import { averagesOf, decodeManifest, encodeManifest, layoutOf, manifestHead } from '../src/manifest.js';

const FILES = [
  { path: 'params.safetensors', part: 'params', share: 0, sizeBytes: 3, sha256: 'f'.repeat(64) },
] as const;
const BYTES = encodeManifest(manifestHead(sampleSnapshot(12), 'e'.repeat(64)), FILES);

test('a manifest comes back as it was written, its layout too', (t) => {
  const manifest = decodeManifest(BYTES, 'step-00000012');
  t.is(manifest.formatVersion, 1);
  t.deepEqual(manifest.files, [...FILES]);
  t.deepEqual(manifest.meta, sampleSnapshot(12).meta);
  t.deepEqual(layoutOf(manifest), sampleSnapshot(12).layout);
});

test('power averages make it the second version, which comes back too', (t) => {
  const head = manifestHead(withPowerAverages(sampleSnapshot(12)), 'e'.repeat(64));
  const manifest = decodeManifest(encodeManifest(head, FILES), 'step-00000012');
  t.is(manifest.formatVersion, 2);
  t.deepEqual(manifest.powerEmas, [0.05, 0.1]);
  t.deepEqual(averagesOf(manifest).map(emaName), ['ema-0.99', 'ema-0.9999', 'ema-std-0.05', 'ema-std-0.1']);
});

test('every bit of it is covered', (t) => {
  for (let at = 0; at < BYTES.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = Buffer.from(BYTES);
      damaged[at]! ^= 1 << bit;
      t.throws(
        () => decodeManifest(damaged, ''),
        { message: /manifest\.json: / },
        `bit ${bit} of byte ${at}`,
      );
    }
  }
});

test('no shorter one, and no longer one, is taken for it', (t) => {
  for (let length = 0; length < BYTES.length; length++)
    t.throws(() => decodeManifest(BYTES.subarray(0, length), ''));
  t.throws(() => decodeManifest(Buffer.concat([BYTES, Buffer.from('\n')]), ''));
});

test('another format version is refused, and the message says what to do', (t) => {
  const error = t.throws(() => decodeManifest(withVersion(3), 'step-00000012'), {
    code: 'DDPM_ERR_CHECKPOINT_VERSION',
  });
  t.regex(error.message, /step-00000012 has format version 3, this release reads 1 to 2/);
});

/** The same manifest as a later release would write it, hash and all. */
function withVersion(version: number): Buffer {
  const text = BYTES.toString().replace('"formatVersion": 1', `"formatVersion": ${version}`);
  const body = text.slice(0, text.lastIndexOf('"manifestSha256"'));
  return Buffer.from(`${body}"manifestSha256": "${createHash('sha256').update(body).digest('hex')}"\n}\n`);
}

test('a path that leaves the checkpoint is refused', (t) => {
  const inside = ['params.safetensors', 'parts/params.safetensors', '..a', 'a..'];
  const outside = [
    '',
    '/etc/hostname',
    '../other',
    'a/../../other',
    '.',
    'a//b',
    'a/',
    'a\\b',
    'a\nb',
    'a\0b',
  ];
  const head = manifestHead(sampleSnapshot(12), 'e'.repeat(64));
  for (const path of inside)
    t.is(decodeManifest(encodeManifest(head, [{ ...FILES[0], path }]), '').files[0]!.path, path);
  for (const path of outside)
    t.throws(() => decodeManifest(encodeManifest(head, [{ ...FILES[0], path }]), ''), {
      message: /manifest\.json: the path .* does not lie in the checkpoint/,
    });
});
