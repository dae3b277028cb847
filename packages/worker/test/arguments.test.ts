import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { workerArguments } from '../src/arguments.js';
import { readKeyFile } from '../src/keyFile.js';

const DEFAULTS = { workerId: 'host-1' };

test('flags win over the environment, and the rest has defaults', (t) => {
  t.deepEqual(workerArguments(['--join', 'tcp://10.0.0.1:7070'], {}, DEFAULTS), {
    workerId: 'host-1',
    addresses: { control: 'tcp://10.0.0.1:7070', data: 'tcp://10.0.0.1:7071' },
    logLevel: 'info',
  });
  const env = {
    DDPM_FLEET_JOIN: 'tcp://a:1',
    DDPM_FLEET_DATA: 'tcp://a:9',
    DDPM_FLEET_WORKER_ID: 'worker-3',
    DDPM_FLEET_KEY_FILE: 'k.json',
    DDPM_FLEET_LOG_LEVEL: 'debug',
  };
  t.deepEqual(workerArguments([], env, DEFAULTS), {
    workerId: 'worker-3',
    addresses: { control: 'tcp://a:1', data: 'tcp://a:9' },
    keyFile: 'k.json',
    logLevel: 'debug',
  });
  t.is(workerArguments(['--id', 'x', '--join', 'tcp://b:2'], env, DEFAULTS).workerId, 'x');
});

test('what is missing or wrong is named', (t) => {
  t.throws(() => workerArguments([], {}, DEFAULTS), { code: 'DDPM_ERR_WORKER_JOIN', message: /--join/ });
  t.throws(() => workerArguments(['--join', 'tcp://a:1', '--id', 'a b'], {}, DEFAULTS), {
    code: 'DDPM_ERR_WORKER_ID',
    message: /a b/,
  });
  t.throws(() => workerArguments(['--join', 'nonsense'], {}, DEFAULTS), {
    code: 'DDPM_ERR_TRANSPORT_ADDRESS',
  });
});

test('key files are read, and never quoted', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-keys-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'worker-0.json');
  const [publicKey, secretKey, serverKey] = ['p', 's', 'c'].map((letter) => letter.repeat(40));
  writeFileSync(file, JSON.stringify({ publicKey, secretKey, serverKey }));
  t.deepEqual(readKeyFile(file), { keys: { publicKey, secretKey }, serverKey });
  writeFileSync(file, '{"secretKey": "swordfish"');
  const error = t.throws(() => readKeyFile(file), { code: 'DDPM_ERR_WORKER_KEYS' });
  t.notRegex(String(error.stack) + String(error.cause), /swordfish/);
  t.throws(() => readKeyFile(join(dir, 'none.json')), { message: /ENOENT/ });
});
