import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { addTotals, noTotals, runBatch, type BatchOptions, type Failure, type Totals } from './batch.js';
import { chaosRun } from './chaos.js';
import { printCrowd } from './crowd.js';
import { traceText } from './traceText.js';
import type { TraceLine } from './simulation.js';

const HELP = `Runs the coordinator and workers, whose devices compute on small arrays, under seeded faults, and checks after every
event what must hold.

  npm run simulate -- --events 10000000 --seed 1     many runs, in 2 processes
  npm run simulate -- --seed 4711 --seeds 1 --trace  one run again, with what happened in it
  npm run simulate -- --workers 1000                 what the machine costs a step of so large a fleet

  --events N     end after so many events of the machine (1000000)
  --seed S       first seed (1)
  --seeds N      end after so many runs
  --steps N      steps of each run (30; --workers: 20)
  --processes N  (2)
  --trace        print every event and what was done about it; one process
  --workers N    no faults: N workers, cost a step
`;

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: 'Infinity' },
    steps: { type: 'string' },
    processes: { type: 'string', default: '2' },
    trace: { type: 'boolean', default: false },
    workers: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Lines of the trace that a failure is shown with. */
const LAST_LINES = 60;
const SELF = fileURLToPath(import.meta.url);

type Report = { totals: Totals; failure?: Failure; isLast: boolean };

if (values.help) console.log(HELP);
else if (process.send) process.on('message', (options) => void serve(reviveOptions(options as BatchOptions)));
else if (values.workers !== undefined) await printCrowd(Number(values.workers), Number(values.steps ?? 20));
else if (values.trace) await trace(Number(values.seed), Number(values.seeds), stepsOfRun());
else await simulate();

function stepsOfRun(): number {
  return Number(values.steps ?? 30);
}

/** JSON knows no Infinity. */
function reviveOptions(options: BatchOptions): BatchOptions {
  return { ...options, seeds: options.seeds ?? Infinity };
}

async function serve(options: BatchOptions): Promise<void> {
  const say = (report: Report): void => void process.send!(report);
  const onTotals = (totals: Totals): void => say({ totals, isLast: false });
  say({ ...(await runBatch({ ...options, onTotals })), isLast: true });
  process.disconnect();
}

async function simulate(): Promise<void> {
  const started = performance.now();
  const processes = Number(values.processes);
  const seeds = Number(values.seeds);
  const first = Number(values.seed);
  const reports = await Promise.all(
    Array.from({ length: processes }, (_, i) =>
      delegate({
        first: first + i,
        stride: processes,
        events: Number(values.events) / processes,
        seeds: Math.ceil((seeds - i) / processes),
        steps: stepsOfRun(),
      }),
    ),
  );
  const totals = noTotals();
  for (const report of reports) addTotals(totals, report.totals);
  print(totals, first, (performance.now() - started) / 1000);
  const failure = reports.find((report) => report.failure)?.failure;
  if (failure) await printFailure(failure);
}

/** Runs a batch in a process of its own. */
function delegate(options: BatchOptions): Promise<Report> {
  return new Promise((resolve, reject) => {
    const child = fork(SELF);
    let last: Report | undefined;
    child.on('message', (report: Report) => {
      last = report;
      const { runs, events } = report.totals;
      if (!report.isLast) console.error(`seeds from ${options.first}: ${runs} runs, ${events} events`);
    });
    child.on('exit', (code) => {
      if (last?.isLast) resolve(last);
      else reject(new Error(`a simulating process ended with code ${code}`));
    });
    child.send(options);
  });
}

function print({ runs, events, commits, faults, checks }: Totals, first: number, seconds: number): void {
  const number = (value: number): string => value.toLocaleString('en-US').padStart(14);
  console.log(`seeds ${first} to ${first + runs - 1}, ${runs} runs of ${stepsOfRun()} steps`);
  console.log(
    `${number(events)}  events of the machine in ${seconds.toFixed(0)} s (${(events / seconds).toFixed(0)} a second)`,
  );
  console.log(`${number(commits)}  steps committed`);
  console.log('faults');
  for (const [name, value] of Object.entries(faults)) console.log(`${number(value)}  ${name}`);
  console.log('invariants: times checked');
  for (const [name, value] of Object.entries(checks)) console.log(`${number(value)}  ${name}`);
}

async function printFailure({ seed, message }: Failure): Promise<void> {
  process.exitCode = 1;
  console.log(`\nFAILED ${message}`);
  const lines: string[] = [];
  await chaosRun(seed, { steps: stepsOfRun(), trace: (line) => lines.push(...traceText(line)) }).catch(
    () => undefined,
  );
  console.log(lines.slice(-LAST_LINES).join('\n'));
  const steps = values.steps === undefined ? '' : ` --steps ${values.steps}`;
  console.log(`\nAgain, with the whole trace: npm run simulate -- --seed ${seed} --seeds 1${steps} --trace`);
}

async function trace(first: number, seeds: number, steps: number): Promise<void> {
  const show = (line: TraceLine): void => traceText(line).forEach((text) => console.log(text));
  for (let seed = first; seed < first + Math.min(seeds, 1e9); seed++) {
    console.log(`seed ${seed}`);
    try {
      const { events, globalStep } = await chaosRun(seed, { steps, trace: show });
      console.log(`seed ${seed}: ${events} events, step ${globalStep}: nothing was broken`);
    } catch (error) {
      console.log(`FAILED ${(error as Error).message}`);
      process.exitCode = 1;
      return;
    }
  }
}
