import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parseWorkerFlags, startOptions } from '../src/arguments.js';
import { readKeyFile } from '../src/keyFile.js';

test('flags win over the environment, and the rest has defaults', (t) => {
  const { workerId, ...rest } = startOptions({ join: 'tcp://10.0.0.1:7070' }, {});
  t.regex(workerId, new RegExp(`-${process.pid}$`));
  t.deepEqual(rest, {
    at: { control: 'tcp://10.0.0.1:7070', data: 'tcp://10.0.0.1:7071' },
    logLevel: 'info',
  });
  const env = {
    DDPM_FLEET_JOIN: 'tcp://a:1',
    DDPM_FLEET_DATA: 'tcp://a:9',
    DDPM_FLEET_WORKER_ID: 'worker-3',
    DDPM_FLEET_KEY_FILE: 'k.json',
    DDPM_FLEET_LOG_LEVEL: 'debug',
  };
  const fromEnv = {
    workerId: 'worker-3',
    at: { control: 'tcp://a:1', data: 'tcp://a:9' },
    keyFile: 'k.json',
    logLevel: 'debug',
  };
  t.deepEqual(startOptions({}, env), fromEnv);
  t.deepEqual(startOptions(parseWorkerFlags(['--id', 'x', '--data', 'tcp://b:2']), env), {
    ...fromEnv,
    workerId: 'x',
    at: { control: 'tcp://a:1', data: 'tcp://b:2' },
  });
  t.deepEqual(startOptions(parseWorkerFlags(['--run-dir', 'runs/a', '--id', 'x']), {}), {
    workerId: 'x',
    at: { runDir: 'runs/a' },
    logLevel: 'info',
  });
});

test('what is missing or wrong is named', (t) => {
  t.throws(() => startOptions({}, {}), { code: 'DDPM_ERR_WORKER_JOIN', message: /--join/ });
  t.throws(() => startOptions({ join: 'tcp://a:1', id: 'a b' }, {}), {
    code: 'DDPM_ERR_WORKER_ID',
    message: /a b/,
  });
  t.throws(() => startOptions({ join: 'nonsense' }, {}), { code: 'DDPM_ERR_TRANSPORT_ADDRESS' });
  t.throws(() => parseWorkerFlags(['--jion', 'x']), { message: /--jion/ });
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
