import test from 'ava';
import { resolve } from 'node:path';
import { AsyncSaver, openStore } from '../src/index.js';

test('a directory, or a bucket with or without a prefix, is a place for checkpoints', (t) => {
  t.is(openStore('some/where').location, resolve('some/where'));
  t.is(openStore('s3://bucket').location, 's3://bucket');
  t.is(openStore('s3://bucket/a/b/').location, 's3://bucket/a/b/');
});

for (const [location, problem] of [
  ['gs://bucket/run', /gs:\/\/ is not known/],
  ['s3://', /names no valid bucket/],
  ['s3://Not_A_Bucket/run', /names no valid bucket/],
] as const) {
  test(`${location} is refused where it is named`, (t) => {
    const refused = { code: 'DDPM_ERR_STORE_LOCATION', message: problem } as const;
    t.throws(() => openStore(location), refused);
    t.throws(() => new AsyncSaver(location), refused);
  });
}
