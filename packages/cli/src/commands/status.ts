import { openStore } from '@ddpm-fleet/checkpoint';
import { Command } from 'commander';
import { jsonOption } from '../options.js';
import { duration, print, printJson, printTable } from '../output.js';
import { readLive } from '../launch/live.js';
import { readRecord } from '../launch/runDirectory.js';
import { findRun, storeOf } from '../target.js';

export function statusCommand(): Command {
  return new Command('status')
    .description('what a run is doing: step, speed, loss, workers, newest checkpoint')
    .argument('<run>', 'name or directory of a run')
    .addOption(jsonOption())
    .action(status);
}

async function status(text: string, flags: { json?: boolean }): Promise<void> {
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
  };
  if (flags.json) return printJson(facts);
  print(`run          ${dir}`);
  print(`state        ${live ? `${live.state}${live.reason ? `: ${live.reason}` : ''}` : 'not running'}`);
  print(`step         ${facts.globalStep}${live ? ` of ${live.steps}` : ''}`);
  if (live?.loss !== undefined) print(`loss         ${live.loss.toFixed(4)}`);
  if (live?.heldOutLoss !== undefined) print(`held-out     ${live.heldOutLoss.toFixed(4)}`);
  if (live?.imagesPerSecond !== undefined) print(`speed        ${live.imagesPerSecond.toFixed(1)} images/s`);
  if (live?.etaSeconds !== undefined) print(`time to go   ${duration(live.etaSeconds)}`);
  print(`checkpoint   ${newest?.name ?? 'none yet'}`);
  if (facts.workers.length === 0) return;
  print('');
  printTable(
    ['worker', 'pid', 'host', 'state'],
    facts.workers.map((worker) => [worker.id, worker.pid, worker.host, worker.state]),
  );
}
