import test from 'ava';
import { checkEngine, engineStatus } from '../../src/index.js';
import { ensureInstalled } from '../installed.js';
import { inScratch } from '../scratch.js';

test.serial('where the engine is installed nothing is wrong, and its facts are told', async (t) => {
  await ensureInstalled();
  const status = await engineStatus();
  t.is(status.probe!.version, status.engine!.version);
  t.true(status.cores >= 1);
  t.is(status.node, process.version);
  t.true(Number(status.napiVersion) >= status.engine!.napiVersion);
  t.is(status.problem, undefined);
  const wrong = (await checkEngine()).filter(({ name, ok }) => !ok && !name.startsWith('GPU'));
  t.deepEqual(wrong, []);
});

test.serial('on a bare machine each missing thing has its remedy', async (t) => {
  const bare = (dir: string): Record<string, string> => ({
    DDPM_FLEET_HOME: dir,
    DDPM_FLEET_PYTHON: '/no/python',
    CXX: '/no/compiler',
  });
  await inScratch(bare, async () => {
    const status = await engineStatus();
    t.is(status.engine, undefined);
    t.is(status.probe, undefined);
    const checks = new Map((await checkEngine()).map((check) => [check.name, check]));
    for (const name of ['TensorFlow engine', 'Python with pip', 'C++ compiler']) {
      t.false(checks.get(name)!.ok, name);
      t.truthy(checks.get(name)!.remedy, name);
    }
    t.regex(checks.get('Python with pip')!.detail, /\/no\/python: not found/);
    t.regex(checks.get('C++ compiler')!.detail, /\/no\/compiler: not found/);
    t.true(checks.get('engine cache')!.ok);
  });
});

test.serial('an engine that does not load is a problem, not a crash', async (t) => {
  await ensureInstalled();
  const before = process.env['DDPM_FLEET_ENGINE'];
  const { dir } = (await engineStatus()).engine!;
  await inScratch(
    (scratch) => ({ DDPM_FLEET_ENGINE: scratch }),
    async (scratch) => {
      const { cpSync, writeFileSync } = await import('node:fs');
      cpSync(`${dir}/engine.json`, `${scratch}/engine.json`);
      cpSync(`${dir}/addon`, `${scratch}/addon`, { recursive: true });
      writeFileSync(`${scratch}/addon/tfjs_binding.node`, 'not a library');
      const status = await engineStatus();
      t.is(status.engine!.dir, scratch);
      t.is(status.probe, undefined);
      t.regex(status.problem!, /does not work|does not load/);
      const [check] = await checkEngine();
      t.like(check, { name: 'TensorFlow engine', ok: false, remedy: 'ddpm-fleet engine install --force' });
    },
  );
  t.is(process.env['DDPM_FLEET_ENGINE'], before);
});
