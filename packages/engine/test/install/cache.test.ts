import test from 'ava';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { locateEngine, type EngineVariant } from '../../src/index.js';
import {
  engineKey,
  fleetHome,
  installedEngines,
  readInstalled,
  thisPlatform,
} from '../../src/install/cache.js';
import { TFJS_VERSION } from '../../src/install/versions.js';
import { inScratch } from '../scratch.js';

const home = (dir: string): Record<string, string> => ({ DDPM_FLEET_HOME: dir });

function engine(dir: string, version: string, variant: EngineVariant, changes: object = {}): string {
  const at = join(dir, 'engines', engineKey(version, variant));
  mkdirSync(join(at, 'addon'), { recursive: true });
  writeFileSync(join(at, 'addon/tfjs_binding.node'), '');
  const record = { format: 1, version, variant, platform: thisPlatform(), tfjsVersion: TFJS_VERSION };
  const rest = { addon: 'addon/tfjs_binding.node', libraryDirs: [], ...changes };
  writeFileSync(join(at, 'engine.json'), JSON.stringify({ ...record, ...rest }));
  return at;
}

test.serial('nothing is found in an empty home', async (t) => {
  await inScratch(home, async (dir) => {
    t.is(fleetHome(), dir);
    t.deepEqual(installedEngines(), []);
    t.is(locateEngine(), undefined);
  });
});

test.serial('CUDA comes before CPU, and newer before older', async (t) => {
  await inScratch(home, async (dir) => {
    engine(dir, '2.9.0', 'cpu');
    engine(dir, '2.21.0', 'cpu');
    engine(dir, '2.15.1', 'cuda');
    const found = installedEngines().map(({ version, variant }) => `${version} ${variant}`);
    t.deepEqual(found, ['2.15.1 cuda', '2.21.0 cpu', '2.9.0 cpu']);
    t.is(locateEngine()!.variant, 'cuda');
    t.is(locateEngine('cpu')!.version, '2.21.0');
  });
});

test.serial('what is not whole, or not for here, is not an engine', async (t) => {
  await inScratch(home, async (dir) => {
    engine(dir, '2.21.0', 'cpu', { platform: 'plan9-vax' });
    engine(dir, '2.20.0', 'cpu', { tfjsVersion: '4.0.0' });
    engine(dir, '2.19.0', 'cpu', { format: 2 });
    engine(dir, '2.18.0', 'cpu', { addon: 'addon/missing.node' });
    writeFileSync(join(engine(dir, '2.17.0', 'cpu'), 'engine.json'), '{"format": 1,');
    mkdirSync(join(dir, 'engines', engineKey('2.16.0', 'cpu')));
    t.is(readdirSync(join(dir, 'engines')).length, 6);
    t.deepEqual(installedEngines(), []);
  });
});

test.serial('another install can be named', async (t) => {
  await inScratch(home, async (dir) => {
    const older = engine(dir, '2.15.0', 'cpu');
    engine(dir, '2.21.0', 'cpu');
    process.env['DDPM_FLEET_ENGINE'] = older;
    t.is(locateEngine()!.version, '2.15.0');
    delete process.env['DDPM_FLEET_ENGINE'];
    t.is(readInstalled(older)!.addonPath, join(older, 'addon/tfjs_binding.node'));
  });
});
