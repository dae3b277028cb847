import { openStore } from '@ddpm-fleet/checkpoint';
import { runPaths } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';
import { gpuUse } from '@ddpm-fleet/engine';
import { addParts, goodput, newestTimes, type Parts } from '@ddpm-fleet/telemetry';
import { Command } from 'commander';
import { jsonOption } from '../options.js';
import { duration, print, printJson, printTable } from '../output.js';
import { partsLine } from '../watching/partsLine.js';
import { readLive, type Live } from '../launch/live.js';
import { remoteStatus } from '../launch/remoteStatus.js';
import { readRecord } from '../launch/runDirectory.js';
import { findRun, storeOf } from '../target.js';

export function statusCommand(): Command {
  return new Command('status')
    .description('what a run is doing: step, speed, loss, workers, newest checkpoint')
    .argument('<run>', 'name or directory of a run, or tcp://host:port of its coordinator')
    .option('--key-file <file>', 'with an address: the reader’s key, keys/reader.json of the run')
    .addOption(jsonOption())
    .action(status);
}

interface StatusFlags {
  readonly json?: boolean;
  readonly keyFile?: string;
}

async function status(text: string, flags: StatusFlags): Promise<void> {
  if (text.startsWith('tcp://')) return statusFromAfar(text, flags);
  const dir = findRun(text);
  const live = readLive(dir);
  const [newest] = await openStore(storeOf(dir)).list();
  const facts = {
    runDir: dir,
    runId: readRecord(dir)!.runId,
    isLive: live !== undefined,
    globalStep: live?.globalStep ?? newest?.globalStep ?? 0,
    newestCheckpoint: newest?.name,
    workers: live?.workers ?? [],
    ...live,
    ...timesOf(dir),
  };
  if (flags.json) return printJson(facts);
  printStatus(dir, live, facts);
  if (facts.seconds) print(`time         ${partsLine(facts.seconds)}`);
  await printGpus();
}

/** Where the time of all workers went since the run began. */
function timesOf(dir: string): { goodput?: number; seconds?: Parts } {
  const times = newestTimes(runPaths(dir).measures);
  if (!times) return {};
  const seconds = addParts(Object.values(times.workers));
  return { goodput: goodput(seconds), seconds };
}

/** From a host that does not see the run's directory. */
async function statusFromAfar(address: string, { json, keyFile }: StatusFlags): Promise<void> {
  if (keyFile === undefined)
    throw fleetError('DDPM_ERR_STATUS_REMOTE', { address, reason: 'give --key-file keys/reader.json' });
  const live = await remoteStatus(address, keyFile);
  if (json) return printJson({ isLive: true, ...live });
  printStatus(address, live, live);
}

function printStatus(
  where: string,
  live: Live | undefined,
  facts: { globalStep: number; newestCheckpoint?: string | undefined; workers: Live['workers'] },
): void {
  print(`run          ${where}`);
  print(`state        ${live ? `${live.state}${live.reason ? `: ${live.reason}` : ''}` : 'not running'}`);
  print(`step         ${facts.globalStep}${live ? ` of ${live.steps}` : ''}`);
  if (live?.loss !== undefined) print(`loss         ${live.loss.toFixed(4)}`);
  if (live?.heldOutLoss !== undefined) print(`held-out     ${live.heldOutLoss.toFixed(4)}`);
  if (live?.imagesPerSecond !== undefined) print(`speed        ${live.imagesPerSecond.toFixed(1)} images/s`);
  if (live?.etaSeconds !== undefined) print(`time to go   ${duration(live.etaSeconds)}`);
  if (!where.startsWith('tcp:')) print(`checkpoint   ${facts.newestCheckpoint ?? 'none yet'}`);
  if (facts.workers.length === 0) return;
  print('');
  printTable(
    ['worker', 'pid', 'host', 'device', 'state'],
    facts.workers.map((worker) => [worker.id, worker.pid, worker.host, worker.device ?? '', worker.state]),
  );
}

/** Of this host, whatever uses them. */
async function printGpus(): Promise<void> {
  const gpus = await gpuUse();
  if (gpus.length === 0) return;
  print('');
  printTable(
    ['GPU here', 'name', 'memory', 'busy'],
    gpus.map((gpu) => [gpu.index, gpu.name, `${gpu.memoryUsed} of ${gpu.memoryTotal}`, gpu.utilisation]),
  );
}
