import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ddpmFleet, scratch } from '../support/cli.js';
import { writeFeatureModels } from '../support/featureModel.js';
import { TINY } from '../support/tinyRun.js';

let dir = '';
let run = '';

test.before('a model with classes, trained for three steps', async (t) => {
  dir = scratch();
  run = join(dir, 'run');
  const classes = ['--set', 'model.numClasses=4', '--set', 'diffusion.numTimesteps=12', '--steps', '3'];
  const args = ['configs/quickstart.yaml', ...TINY, ...classes, '--workers', '1', '--run-dir', run];
  const { code, stderr } = await ddpmFleet(['launch', ...args], { timeoutMs: 240_000 });
  t.is(code, 0, stderr);
});

test.after.always(() => rmSync(dir, { recursive: true, force: true }));

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

async function ran(t: ExecutionContext, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await ddpmFleet(args, { env: { DDPM_FLEET_HOME: '' } });
  t.is(code, 0, stderr + stdout);
  return stdout;
}

test.serial('samples, and how they came about, are the same files from 1, 2 and 3 processes', async (t) => {
  const hashes: string[][] = [];
  for (const workers of [1, 2, 3]) {
    const files = ['images.npz', 'grid.npy', 'strip.png', 'chain.gif'].map((name) =>
      join(dir, `${workers}-${name}`),
    );
    const [out, npy, strip, animation] = files as [string, string, string, string];
    await ran(t, [
      ...['sample', run, '--workers', String(workers), '--count', '10', '--batch', '4', '--class', '0,3'],
      ...['--sampler', 'ddpm', '--guidance', '2', '--threshold', '0.9'],
      ...['--out', out, '--npy', npy, '--strip', strip, '--animation', animation],
    ]);
    hashes.push(files.map(sha256));
  }
  t.deepEqual(hashes[1], hashes[0]);
  t.deepEqual(hashes[2], hashes[0]);
});

test.serial('single files are one image each, named by number', async (t) => {
  const out = join(dir, 'singles');
  const how = [
    '--sampler',
    'dpmSolver',
    '--sample-steps',
    '3',
    '--count',
    '3',
    '--batch',
    '2',
    '--seed',
    '1',
  ];
  await ran(t, ['sample', run, ...how, '--workers', '1', '--out', out]);
  const names = readdirSync(out);
  t.deepEqual(names, ['000000.png', '000001.png', '000002.png']);
  t.is(new Set(names.map((name) => sha256(join(out, name)))).size, 3);
  const fewer = await ddpmFleet(['sample', run, '--count', '2', '--out', out]);
  t.is(fewer.code, 2);
  t.regex(fewer.stderr, /1 other file\(s\), e\.g\. 000002\.png.*DDPM_ERR_SAMPLE_STALE/);
});

test.serial('what the chain and the model cannot do as asked is said, and refused by --strict', async (t) => {
  const how = ['--spacing', 'leading', '--sample-steps', '4', '--guidance', '2', '--count', '1', '--strict'];
  const { code, stderr } = await ddpmFleet(['sample', run, ...how, '--out', join(dir, 'never.png')]);
  t.is(code, 2);
  t.regex(
    stderr,
    /--strict refuses.*first step of the chain is t = 9.*never saw an image without its label/s,
  );
  t.false(existsSync(join(dir, 'never.png')));
});

test.serial(
  'bits per dimension are the same file from 1 and 3 processes, and a sum of their parts',
  async (t) => {
    const files = await Promise.all(
      [1, 3].map(async (workers) => {
        const out = join(dir, `terms-${workers}.npz`);
        const how = ['--count', '5', '--batch', '2', '--workers', String(workers), '--out', out];
        const asked = ['evaluate', run, '--metric', 'bpd', ...how];
        if (workers > 1) {
          t.regex(await ran(t, asked), /5 images of synthetic \(train, 5 of them trained on\):/);
          return sha256(out);
        }
        const facts = JSON.parse(await ran(t, [...asked, '--json'])) as Record<string, unknown>;
        t.true(Number(facts.bpd) > 0 && Number(facts.bpd) < 50, `${facts.bpd}`);
        t.like(facts, { images: 5, dataset: 'synthetic', split: 'train', trained: 5 });
        t.deepEqual((facts.notes as { code: string }[]).map(({ code }) => code), ['DDPM_NOTE_BPD_TRAINED']); // prettier-ignore
        return sha256(out);
      }),
    );
    t.is(files[0], files[1]);
  },
);

test.serial(
  'FID statistics are the same file from 1 and 3 processes; a SavedModel and its twin for TF.js agree',
  async (t) => {
    const { savedModel, graphModel } = writeFeatureModels(dir);
    const fid = async (features: string, workers: number, out: string): Promise<number> => {
      const how = [
        '--sampler',
        'ddim',
        '--sample-steps',
        '2',
        '--count',
        '70',
        '--batch',
        '16',
        '--out',
        join(dir, out),
      ];
      const what = ['--metric', 'fid', '--features', features, '--workers', String(workers), '--json'];
      return (JSON.parse(await ran(t, ['evaluate', run, ...what, ...how])) as { fid: number }).fid;
    };
    const one = await fid(savedModel, 1, 'one.npz');
    t.is(await fid(savedModel, 3, 'three.npz'), one);
    t.is(sha256(join(dir, 'one.npz')), sha256(join(dir, 'three.npz')));
    const twin = await fid(graphModel, 2, 'twin.npz');
    t.true(one > 0 && Math.abs(twin - one) < 1e-4 * one, `${one} ${twin}`);
    const text = await ran(t, [
      'evaluate',
      join(dir, 'one.npz'),
      '--metric',
      'fid',
      '--reference',
      join(dir, 'three.npz'),
    ]);
    t.regex(text, /^FID -?0\.0000/);
  },
);

test.serial('interpolation: a picture with both ends; wrong requests are refused in a line', async (t) => {
  const out = join(dir, 'between.png');
  const text = await ran(t, [
    'interpolate',
    run,
    '--pairs',
    '0:1,2:3',
    '--t',
    '6',
    '--columns',
    '3',
    '--workers',
    '1',
    '--out',
    out,
  ]);
  t.regex(text, /2 pairs, 3 mixtures each, noised to t = 6/);
  t.is(readFileSync(out).toString('latin1', 1, 4), 'PNG');
  for (const [args, code] of [
    [['sample', run, '--class', '4'], 'DDPM_ERR_SAMPLE_CLASS'],
    [['sample', run, '--animation', 'x.avi'], 'DDPM_ERR_SAMPLE_OUT'],
    [['interpolate', run, '--pairs', '0:99999999'], 'DDPM_ERR_EVALUATE_IMAGES'],
    [['evaluate', run, '--metric', 'fid'], 'DDPM_ERR_FID'],
    [
      ['evaluate', run, '--metric', 'fid', '--features', dir, '--reference', join(dir, 'one.npz')],
      'DDPM_ERR_GRAPH',
    ],
  ] as const) {
    const refused = await ddpmFleet(args);
    t.is(refused.code, 2, refused.stderr);
    t.regex(refused.stderr, new RegExp(`\\[${code}\\]\\n$`));
  }
});
