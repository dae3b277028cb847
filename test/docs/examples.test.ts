import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { documents, read, ROOT, tracked } from './repository.js';

/** What the examples take as given: they show one package, not how to get an engine, a config or a run. */
const GIVEN: Record<string, string> = {
  coordinator: `
    import type { CoordinatorOptions } from '@ddpm-fleet/coordinator';
    declare const { config, record, log }: Pick<CoordinatorOptions, 'config' | 'record' | 'log'>;`,
  data: `
    import type { RunConfig } from '@ddpm-fleet/config';
    declare const config: RunConfig;`,
  diffusion: `
    import * as tf from '@tensorflow/tfjs-core';
    import type { DiffusionConfig, DiffusionModel } from '@ddpm-fleet/diffusion';
    declare const config: { diffusion: DiffusionConfig };
    declare const model: DiffusionModel<tf.Tensor>;
    declare const xStart: tf.Tensor, t: tf.Tensor, noise: tf.Tensor, B: number;
    declare let x: tf.Tensor;`,
  inference: `
    import { writeFile } from 'node:fs/promises';
    import type { Engine } from '@ddpm-fleet/engine';
    import type { TrainedModel } from '@ddpm-fleet/inference';
    declare const engine: Engine, model: TrainedModel;`,
  launcher: `
    import type { LaunchRequest, SupervisionPolicy } from '@ddpm-fleet/launcher';
    declare const { runDir, entries, env }: Pick<LaunchRequest, 'runDir' | 'entries' | 'env'>;
    declare const policy: SupervisionPolicy;`,
  model: `
    import * as tf from '@tensorflow/tfjs-core';
    import type { UNetConfig } from '@ddpm-fleet/model';
    declare const config: UNetConfig, xT: tf.Tensor4D, t: tf.Tensor1D;`,
  protocol: 'declare const gradient: Float32Array<ArrayBuffer>;',
  trainer: `
    import type { Engine } from '@ddpm-fleet/engine';
    import type { RunConfig } from '@ddpm-fleet/config';
    declare const engine: Engine, config: RunConfig;
    declare function read(slot: number): Uint8Array;
    declare const t: Int32Array, loss: Float32Array;`,
  worker: `
    import type { WorkerOptions } from '@ddpm-fleet/worker';
    declare const log: WorkerOptions['log'];`,
};

interface Example {
  readonly document: string;
  readonly language: string;
  readonly code: string;
}

const paths = tracked();
const inCheckout = paths ? test : test.skip;
const examples = (paths ? documents(paths) : []).flatMap(([document]) =>
  examplesOf(document, read(document)),
);

function examplesOf(document: string, markdown: string): Example[] {
  const blocks = [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  return blocks.map(([, language, code]) => ({ document, language: language!, code: code! }));
}

/** A directory from which packages are found as any program in this checkout finds them. */
function place(t: ExecutionContext): string {
  const parent = join(ROOT, 'test', 'dist', 'examples');
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, 'x-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** What the compiler says of these files, by name. */
function complaints(t: ExecutionContext, files: Record<string, string>): string {
  const directory = place(t);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const compilerOptions = { noEmit: true, composite: false, declaration: false, declarationMap: false };
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../../../tsconfig.base.json',
      compilerOptions: { ...compilerOptions, noUnusedLocals: false, skipLibCheck: true },
      include: ['*.ts'],
    }),
  );
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin/tsc',
  );
  return spawnSync(process.execPath, [compiler, '-p', directory, '--pretty', 'false'], { encoding: 'utf8' })
    .stdout;
}

const packageOf = ({ document }: Example) => document.split('/')[1]!;

inCheckout('every example has a language that is known, and every package has one', (t) => {
  t.deepEqual([...new Set(examples.map(({ language }) => language))].sort(), ['js', 'ts']);
  t.true(new Set(examples.map(packageOf)).size >= 16);
});

inCheckout('the examples in TypeScript fit the packages that they show', (t) => {
  t.timeout(120_000);
  const typed = examples.filter(({ language }) => language === 'ts');
  const files = typed.map((example, i): [string, string] => [
    `${packageOf(example)}${i}.ts`,
    `${GIVEN[packageOf(example)] ?? ''}\n${example.code}\nexport {};\n`,
  ]);
  t.is(complaints(t, Object.fromEntries(files)), '');
});

test('an example that does not fit is found', (t) => {
  t.timeout(120_000);
  const said = complaints(t, {
    'gone.ts': "import { gone } from '@ddpm-fleet/core';\ngone();\n",
    'wrong.ts': "import { sampleAt } from '@ddpm-fleet/core';\nsampleAt('0', 1, 2);\n",
    'sound.ts': "import { sampleAt } from '@ddpm-fleet/core';\nsampleAt(0, 1, 2n);\n",
  });
  t.regex(said, /\bgone\.ts\(1,10\): error TS2305/m);
  t.regex(said, /\bwrong\.ts\(2,10\): error TS2345/m);
  t.notRegex(said, /\bsound\.ts/);
});

for (const example of examples.filter(({ language }) => language === 'js'))
  test(`the example of ${example.document} runs`, (t) => {
    const directory = place(t);
    writeFileSync(join(directory, 'example.mjs'), example.code);
    t.regex(execFileSync(process.execPath, ['example.mjs'], { cwd: directory, encoding: 'utf8' }), /\S/);
  });
