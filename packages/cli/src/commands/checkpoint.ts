import { checkpointDigest, diffSnapshots, type TensorDifference } from '@ddpm-fleet/checkpoint';
import { fleetError } from '@ddpm-fleet/core';
import { Command } from 'commander';
import { jsonOption, nonNegativeInteger } from '../options.js';
import { bytes, note, print, printJson, printTable } from '../output.js';
import { checkpointPath, findTarget, type Target } from '../target.js';

interface Json {
  readonly json?: boolean;
}

const TARGET = 'a run (name or directory), a checkpoint directory, or s3://bucket/prefix';

export function checkpointCommand(): Command {
  const checkpoint = new Command('checkpoint').description('look at, verify and prune checkpoints');
  const add = (name: string, about: string): Command => checkpoint.command(name).description(about);
  add('list', 'the checkpoints of a run, newest first')
    .argument('<target>', TARGET)
    .addOption(jsonOption())
    .action(list);
  add('verify', 'read every byte and compare every hash')
    .argument('<target>', TARGET)
    .addOption(jsonOption())
    .action(verify);
  add('inspect', 'what a checkpoint holds, without reading its tensors')
    .argument('<target>', TARGET)
    .addOption(jsonOption())
    .action(inspect);
  add('digest', 'the sha256 of the training state: two runs that are the same print the same')
    .argument('<target>', TARGET)
    .action(digest);
  add('diff', 'how two checkpoints differ, parameter by parameter')
    .argument('<a>', TARGET)
    .argument('<b>', TARGET)
    .addOption(jsonOption())
    .action(diff);
  add('prune', 'remove what the rules do not keep; never the last that is whole')
    .argument('<target>', TARGET)
    .requiredOption('--keep-last <n>', 'keep the newest n', nonNegativeInteger)
    .option('--keep-every <n>', 'keep those whose step is a multiple of n', nonNegativeInteger, 0)
    .option('--keep-best <n>', 'keep the n with the lowest held-out loss', nonNegativeInteger, 0)
    .action(prune);
  return checkpoint;
}

async function list(text: string, flags: Json): Promise<void> {
  const { store } = findTarget(text);
  const infos = await store.list();
  if (flags.json) return printJson(infos);
  if (infos.length === 0) return note(`no checkpoints in ${store.location}`);
  const rows = infos.map((info) => [
    info.globalStep,
    bytes(info.sizeBytes),
    info.manifest?.meta.createdAt ?? '',
    info.manifest?.meta.losses.heldOut?.toFixed(5) ?? '',
    info.problem ? `BAD: ${info.problem}` : info.isLatest ? 'latest' : '',
    checkpointPath(store, info.name),
  ]);
  printTable(['step', 'size', 'written', 'held-out loss', '', 'path'], rows);
}

async function verify(text: string, flags: Json): Promise<void> {
  const { store, which } = findTarget(text);
  const verdicts = await store.verify(which === 'newest' ? undefined : which);
  if (verdicts.length === 0) throw fleetError('DDPM_ERR_CHECKPOINT_NONE', { location: store.location });
  if (flags.json) printJson(verdicts);
  else
    for (const { name, problem } of verdicts)
      print(`${problem ? 'BAD ' : 'ok  '}  ${name}  ${problem ?? ''}`.trimEnd());
  if (verdicts.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
}

async function inspect(text: string, flags: Json): Promise<void> {
  const target = findTarget(text);
  const info = await pick(target);
  if (flags.json) return printJson(info.manifest);
  const { meta, ...rest } = info.manifest!;
  const { configYaml, identity, ...facts } = meta;
  for (const [name, value] of Object.entries({
    step: info.globalStep,
    size: bytes(info.sizeBytes),
    ...facts,
  })) {
    print(`${name.padEnd(14)}  ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  }
  print(`files           ${rest.files.map((file) => file.path).join(', ')}`);
  print(`identity        ${Object.keys(identity).length} settings; all with --json`);
  print(`config          ${configYaml.split('\n').length} lines; all with --json`);
}

async function pick({ store, which }: Target): Promise<Awaited<ReturnType<Target['store']['list']>>[number]> {
  const infos = await store.list();
  const found = infos.find((info) => info.manifest && (which === 'newest' || info.globalStep === which));
  if (!found) throw fleetError('DDPM_ERR_CHECKPOINT_NONE', { location: store.location });
  return found;
}

async function digest(text: string): Promise<void> {
  const { store, which } = findTarget(text);
  const loaded = await store.load(which);
  for (const { name, problem } of loaded.skipped) note(`warning: ${name} cannot be used (${problem})`);
  print(checkpointDigest(loaded.snapshot.state, loaded.snapshot.layout));
}

async function diff(a: string, b: string, flags: Json): Promise<void> {
  const [left, right] = [findTarget(a), findTarget(b)];
  const difference = diffSnapshots(
    (await left.store.load(left.which)).snapshot,
    (await right.store.load(right.which)).snapshot,
  );
  if (flags.json) return printJson(difference);
  const { globalStep, identity, tensors, compared } = difference;
  if (globalStep) print(`steps ${globalStep.join(' and ')}`);
  for (const { key, left: here, right: there } of identity)
    print(`${key}: ${JSON.stringify(here)} and ${JSON.stringify(there)}`);
  print(`${tensors.length} of ${compared} tensors differ`);
  if (tensors.length > 0)
    printTable(['tensor', 'elements that differ', 'largest difference'], tensors.map(diffRow));
}

function diffRow({ part, name, elements, maxAbs }: TensorDifference): (string | number)[] {
  return [
    `${part}/${name}`,
    elements ?? 'another size, or on one side alone',
    maxAbs?.toExponential(3) ?? '',
  ];
}

async function prune(
  text: string,
  flags: { keepLast: number; keepEvery: number; keepBest: number },
): Promise<void> {
  const { store } = findTarget(text);
  const removed = await store.prune(flags);
  print(removed.length ? `removed ${removed.join(', ')}` : 'nothing to remove');
}
