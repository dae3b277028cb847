import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import test from 'ava';
import { clusterManifests, keySecret, type ClusterRequest, type Manifest } from '@ddpm-fleet/launcher';
import { parseAllDocuments } from 'yaml';
import { ddpmFleet, ROOT } from '../support/cli.js';

/** Cut out of Kubernetes' own OpenAPI document by infra/kubernetes/schema.mjs. */
const { kinds, definitions } = JSON.parse(
  readFileSync(join(ROOT, 'test/golden/kubernetes-schema.json'), 'utf8'),
) as { kinds: Record<string, string>; definitions: object };
const ajv = new Ajv({ strict: false, allowUnionTypes: true, allErrors: true });
ajv.addSchema({ $id: 'kubernetes', definitions });

/** What is wrong with a manifest, in the schema's words. */
function problems(manifest: unknown): string[] {
  const { kind } = manifest as Manifest;
  const validate = ajv.getSchema(`kubernetes#/definitions/${kinds[kind]}`);
  if (!validate) return [`no schema for ${kind}`];
  if (validate(manifest)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

const request = (over: Partial<ClusterRequest> = {}): ClusterRequest => ({
  ...{ name: 'cifar', image: 'ddpm-fleet:0.1.0', workers: 8, gpu: true, threads: 1, workerMemory: '4Gi' },
  ...{ config: 'name: cifar\n', graceSeconds: 30, storage: '20Gi' },
  ...over,
});

for (const workers of [1, 8, 64]) {
  test(`the manifests for ${workers} workers are what the API takes`, (t) => {
    const all = [
      keySecret(request(), { 'worker.json': '{}' }),
      ...clusterManifests(request({ workers, namespace: 'lab', data: { claim: 'images', path: '/data' } })),
    ];
    t.deepEqual(all.flatMap(problems), []);
    const job = all.find(({ metadata }) => metadata.name === 'cifar-worker')!;
    t.like(job.spec, { completionMode: 'Indexed', completions: workers, parallelism: workers });
    t.is(new Set(all.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).size, 6);
  });
}

test('a misspelling and a wrong type are caught', (t) => {
  const [job] = clusterManifests(request()).filter(({ metadata }) => metadata.name === 'cifar-worker');
  const { parallelism, ...spec } = job!.spec as Record<string, unknown>;
  t.regex(problems({ ...job, spec: { ...spec, paralelism: parallelism } }).join(), /paralelism/);
  t.regex(problems({ ...job, spec: { ...spec, completions: 'two' } }).join(), /completions must be integer/);
  const text = JSON.stringify(job).replace('"capabilities"', '"capabilites"');
  t.regex(problems(JSON.parse(text)).join(), /capabilites/);
});

test('names agree: who mounts, joins and selects what', (t) => {
  const all = clusterManifests(request({ name: 'run-7' }));
  const names = new Set([...all.map(({ metadata }) => metadata.name), 'run-7-keys']);
  const text = JSON.stringify(all);
  for (const [, name] of text.matchAll(/"(?:secretName|claimName)":"([^"]+)"/g))
    t.true(names.has(name!), name);
  t.true(text.includes('tcp://run-7-coordinator:29500'));
  const service = all.find(({ kind }) => kind === 'Service')!;
  const pods = all.filter(({ kind }) => kind === 'Job').map(({ spec }) => spec as never as PodOwner);
  const { selector } = service.spec as { selector: object };
  t.is(pods.filter(({ template }) => isSubset(selector, template.metadata.labels)).length, 1);
});

interface PodOwner {
  readonly template: { readonly metadata: { readonly labels: Record<string, string> } };
}

function isSubset(part: object, whole: Record<string, string>): boolean {
  return Object.entries(part).every(([key, value]) => whole[key] === value);
}

test.serial('launch prints them, without a secret in them', async (t) => {
  const args = [
    'launch',
    'configs/quickstart.yaml',
    '--launcher',
    'kubernetes',
    '--workers',
    '8',
    '--dry-run',
  ];
  const { code, stdout, stderr } = await ddpmFleet([...args, '--image', 'ddpm-fleet:0.1.0', '--gpu']);
  t.is(code, 0, stderr);
  const all = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
  t.deepEqual(all.flatMap(problems), []);
  t.is(all.length, 5);
  t.notRegex(stdout, /secretKey/);
  t.regex(stdout, /^# First: kubectl create secret generic quickstart-keys /);
  const none = await ddpmFleet(args);
  t.is(none.code, 2);
  t.regex(none.stderr, /give --image/);
  const nowhere = await ddpmFleet([...args, '--image', 'ddpm-fleet:0.1.0', '--data-claim', 'images']);
  t.is(nowhere.code, 2);
  t.regex(nowhere.stderr, /give data\.path/);
});
