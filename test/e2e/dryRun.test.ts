import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ddpmFleet, ROOT, scratch } from '../support/cli.js';

/** Parameters of each config. Published are 35.7 M (Ho et al.), 52.5 M (Nichol and Dhariwal), 78.7 M (CelebA). */
const CONFIGS: Record<string, string> = {
  quickstart: '1,113,955',
  'fashion-mnist': '1,623,169',
  cifar10: '35,746,307',
  'cifar10-improved': '52,546,438',
  celeba64: '78,700,803',
  zoubohao: '82,958,979',
  'zoubohao-guided': '47,700,483',
  marathon: '702,499',
};

const NOWHERE = ['--set', 'data.path=/nowhere/images'];

for (const [name, parameters] of Object.entries(CONFIGS)) {
  test.serial(`${name}: --dry-run tells what the run would be, data or none`, async (t) => {
    const file = `configs/${name}.yaml`;
    const { code, stdout, stderr } = await ddpmFleet(['launch', file, '--dry-run', ...NOWHERE]);
    t.is(code, 0, stderr);
    t.regex(stdout, new RegExp(`^parameters +${parameters}$`, 'm'));
    t.regex(stdout, new RegExp(`^run +${name} in `, 'm'));
    t.regex(stdout, /^worker-0 /m);
    const head = readFileSync(join(ROOT, file), 'utf8').split(/^name:/m)[0]!;
    for (const word of ['Expected:', 'Time:', 'Hardware:', `Command: npx ddpm-fleet launch ${file}`]) {
      t.true(head.includes(word), `${file} says no ${word}`);
    }
  });
}

test('every config of the project is in the list above', (t) => {
  const files = readdirSync(join(ROOT, 'configs')).filter((file) => file.endsWith('.yaml'));
  t.deepEqual(files.map((file) => file.replace('.yaml', '')).toSorted(), Object.keys(CONFIGS).toSorted());
});

test.serial('without its images a run can be foreseen and not launched', async (t) => {
  const args = ['launch', 'configs/cifar10.yaml', ...NOWHERE];
  const dry = await ddpmFleet([...args, '--dry-run']);
  t.regex(dry.stdout, /^data +not found at \/nowhere\/images: images of 32x32x3 /m);
  t.regex(dry.stdout, /^length +800000 steps; the length of an epoch is unknown/m);
  t.regex(dry.stdout, /^identity +unknown without the data$/m);
  const json = await ddpmFleet([...args, '--dry-run', '--json']);
  t.like(JSON.parse(json.stdout), { parameters: 35_746_307, identityHash: null, record: null });
  const dir = join(scratch(), 'run');
  const real = await ddpmFleet([...args, '--run-dir', dir]);
  t.is(real.code, 2);
  t.regex(real.stderr, /\/nowhere\/images.*DDPM_ERR_DATA_MISSING/);
  t.false(existsSync(dir));
  const unsized = await ddpmFleet([...args, '--dry-run', '--set', 'data.size=0']);
  t.is(unsized.code, 2);
  t.regex(unsized.stderr, /DDPM_ERR_DATA_MISSING/);
});

test.serial('--dry-run refuses what launch would refuse', async (t) => {
  const set = (...pairs: string[]) => pairs.flatMap((pair) => ['--set', pair]);
  const refused = await ddpmFleet([
    ...['launch', 'configs/quickstart.yaml', '--dry-run'],
    ...set('optimizer.weightDecay=0.1'),
  ]);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /DDPM_ERR_OPTIMIZER/);
});
