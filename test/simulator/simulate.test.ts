import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { runBatch } from './batch.js';
import { chaosRun } from './chaos.js';
import { runCrowd } from './crowd.js';
import { INVARIANTS } from './invariants.js';
import { INJURIES } from './injuries.js';
import { MUTANTS } from './mutants.js';
import { SHORT_FORM } from './shortForm.js';

const MAIN = fileURLToPath(new URL('./mutantMain.js', import.meta.url));

test('nothing breaks under faults drawn from the seeds of the short form', async (t) => {
  const { totals, failure } = await runBatch(SHORT_FORM);
  t.is(failure, undefined);
  for (const injury of INJURIES) t.true(totals.faults[injury]! > 0, injury);
  for (const name of INVARIANTS) t.true(totals.checks[name]! > 0, name);
});

test('a seed is a run: the same events, the same effects', async (t) => {
  const lines = async () => {
    const all: string[] = [];
    await chaosRun(5, {
      trace: ({ at, event, effects }) => all.push(`${at} ${event.type} ${effects.length}`),
      workerTrace: ({ at, workerId, event, effects }) =>
        all.push(`${at} ${workerId} ${event.type} ${effects.length}`),
    });
    return all;
  };
  t.deepEqual(await lines(), await lines());
});

for (const [i, { bug, seed }] of MUTANTS.entries()) {
  test.serial(`found: ${bug}`, async (t) => {
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, String(i), String(seed)]);
    t.regex(stdout, /^seed \d+: /);
  });
}

test('what a step costs grows with the fleet, not with its square', async (t) => {
  const [small, large] = [await runCrowd(50, 5), await runCrowd(200, 5)];
  // Four times the workers; a square would be sixteen times the events or messages.
  t.true(large.events < 5 * small.events);
  t.true(large.control.messages < 5 * small.control.messages);
});
