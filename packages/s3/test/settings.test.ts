import test from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { s3Settings } from '../src/settings.js';
import { temporaryDirectory } from './support/directory.js';

const CREDENTIALS = `[default]
aws_access_key_id = one
aws_secret_access_key = s1

# [other]
[other]
aws_access_key_id=two
aws_secret_access_key =  s2=x
aws_session_token = token
`;
const CONFIG = `[default]
region = eu-west-1
[profile other]
region = eu-north-1
endpoint_url = http://store.example:9000
s3 =
  endpoint_url = http://nested.example
`;

test('the environment wins, then the profile of the files', async (t) => {
  const directory = await temporaryDirectory(t);
  const files = {
    AWS_SHARED_CREDENTIALS_FILE: join(directory, 'credentials'),
    AWS_CONFIG_FILE: join(directory, 'config'),
  };
  await writeFile(files.AWS_SHARED_CREDENTIALS_FILE, CREDENTIALS);
  await writeFile(files.AWS_CONFIG_FILE, CONFIG);
  t.deepEqual(await s3Settings('s3://b', files), {
    endpoint: undefined,
    region: 'eu-west-1',
    accessKeyId: 'one',
    secretAccessKey: 's1',
    sessionToken: undefined,
  });
  t.deepEqual(await s3Settings('s3://b', { ...files, AWS_PROFILE: 'other' }), {
    endpoint: 'http://store.example:9000',
    region: 'eu-north-1',
    accessKeyId: 'two',
    secretAccessKey: 's2=x',
    sessionToken: 'token',
  });
  const env = {
    AWS_ACCESS_KEY_ID: 'e',
    AWS_SECRET_ACCESS_KEY: 'es',
    AWS_REGION: 'r',
    AWS_ENDPOINT_URL: 'http://e',
  };
  t.deepEqual(await s3Settings('s3://b', { ...files, ...env, AWS_PROFILE: 'other' }), {
    endpoint: 'http://e',
    region: 'r',
    accessKeyId: 'e',
    secretAccessKey: 'es',
    sessionToken: undefined,
  });
});

test('where there are no keys, the error says where they are looked for', async (t) => {
  const none = { AWS_SHARED_CREDENTIALS_FILE: '/nowhere/at/all', AWS_CONFIG_FILE: '/nowhere/at/all' };
  const error = await t.throwsAsync(s3Settings('s3://bucket/run', none), {
    code: 'DDPM_ERR_STORE_CREDENTIALS',
  });
  t.regex(error.message, /s3:\/\/bucket\/run.*AWS_ACCESS_KEY_ID/);
});
