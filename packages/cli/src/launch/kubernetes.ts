import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { configYaml, runPaths } from '@ddpm-fleet/config';
import { commentLines, fleetError, shellWord } from '@ddpm-fleet/core';
import {
  clusterManifests,
  keySecret,
  makeKeys,
  type ClusterRequest,
  type Manifest,
} from '@ddpm-fleet/launcher';
import { stringify } from 'yaml';
import { note, print, printJson } from '../output.js';
import { estimate } from './estimate.js';
import type { LaunchFlags } from './launchOptions.js';
import type { ForeseenRun } from './preparedRun.js';

const MiB = 2 ** 20;
/** Node, TensorFlow and its buffers, beside what the estimate counts. */
const BASE_BYTES = 1024 * MiB;

/**
 * Prints the manifests of a run, or applies them. Keys are made in the run's directory here; printed is how the Secret
 * is made of them, and never what it holds.
 */
export async function launchOnKubernetes(dir: string, run: ForeseenRun, flags: LaunchFlags): Promise<void> {
  const request = requestOf(run, flags);
  const manifests = clusterManifests(request);
  if (flags.json) return printJson({ runDir: dir, manifests });
  if (!flags.apply)
    return printManifests(manifests, request, flags.dryRun ? undefined : keyDirectory(dir, flags));
  const files = makeKeys(keyDirectory(dir, flags));
  const contents = Object.fromEntries(
    Object.values(files).map((file) => [basename(file), readFileSync(file, 'utf8')]),
  );
  // Over stdin: neither a command line nor a file that others read.
  await kubectl(['apply', '-f', '-'], yamlOf([keySecret(request, contents), ...manifests]));
  const namespace = inNamespace(request);
  note(
    `kubectl logs${namespace} -f job/${request.name}-coordinator; kubectl delete job,svc,cm,secret${namespace} -l app.kubernetes.io/instance=${request.name} ends it`,
  );
}

function inNamespace({ namespace }: ClusterRequest): string {
  return namespace === undefined ? '' : ` -n ${shellWord(namespace)}`;
}

function requestOf(run: ForeseenRun, flags: LaunchFlags): ClusterRequest {
  const { config, specs, image } = run;
  if (flags.image === undefined)
    throw fleetError('DDPM_ERR_KUBERNETES', { problem: 'give --image', detail: '' });
  if (flags.dataClaim !== undefined && config.data.path === '')
    throw fleetError('DDPM_ERR_KUBERNETES', {
      problem: 'give data.path',
      detail: '(it is where --data-claim is mounted)',
    });
  const workers = flags.workers?.max ?? config.batch.numSlots;
  const { workerBytes } = estimate(config, specs, image.size);
  return {
    name: dnsLabel(config.name),
    image: flags.image,
    workers,
    gpu: flags.gpu === true,
    threads: config.engine.threads,
    workerMemory: `${Math.ceil((BASE_BYTES + 1.5 * workerBytes) / MiB)}Mi`,
    config: configYaml(config),
    graceSeconds: config.fleet.graceSeconds,
    storage: flags.storage ?? '20Gi',
    ...(flags.steps === undefined ? {} : { steps: flags.steps }),
    ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
    ...(flags.storageClass === undefined ? {} : { storageClass: flags.storageClass }),
    ...(flags.dataClaim === undefined ? {} : { data: { claim: flags.dataClaim, path: config.data.path } }),
  };
}

function keyDirectory(dir: string, { keys }: LaunchFlags): string {
  return keys ?? runPaths(dir).keys;
}

function printManifests(
  manifests: readonly Manifest[],
  request: ClusterRequest,
  keys: string | undefined,
): void {
  const dir = keys ?? 'KEYS';
  if (keys !== undefined) {
    mkdirSync(keys, { recursive: true, mode: 0o700 });
    makeKeys(keys);
  }
  const namespace = inNamespace(request);
  const from = ['coordinator', 'worker', 'reader']
    .map((name) => shellWord(`--from-file=${dir}/${name}.json`))
    .join(' ');
  print(commentLines(`First: kubectl create secret generic ${request.name}-keys${namespace} ${from}`));
  print(yamlOf(manifests).trimEnd());
}

function yamlOf(manifests: readonly Manifest[]): string {
  return manifests.map((manifest) => stringify(manifest, { aliasDuplicateObjects: false })).join('---\n');
}

async function kubectl(args: readonly string[], input: string): Promise<void> {
  const child = spawn('kubectl', args, { stdio: ['pipe', 'inherit', 'inherit'] });
  const code = await new Promise<number | string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message)).once('close', resolve);
    child.stdin.on('error', () => undefined).end(input);
  });
  if (code !== 0)
    throw fleetError('DDPM_ERR_KUBERNETES', { problem: 'kubectl apply failed', detail: `(${String(code)})` });
}

/** Objects are named by it: lower case, digits and dashes. Two names never become one. */
function dnsLabel(name: string): string {
  const label = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  if (label === name) return label;
  const mark = createHash('sha256').update(name).digest('hex').slice(0, 6);
  return `${label.slice(0, 33) || 'run'}-${mark}`;
}
