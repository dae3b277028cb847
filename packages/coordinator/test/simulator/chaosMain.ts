import { parseArgs } from 'node:util';
import { chaosRun, INJURIES } from './chaos.js';

/** Runs seeds until so many events have been handled: `node chaosMain.js --first 1 --seeds 1000`. */
const { values } = parseArgs({
  options: {
    first: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1000' },
    events: { type: 'string', default: 'Infinity' },
    steps: { type: 'string', default: '30' },
    'keep-going': { type: 'boolean', default: false },
  },
});

const started = performance.now();
const totals = { events: 0, commits: 0, runs: 0, failures: 0, injuries: 0 };
const perInjury = Object.fromEntries(INJURIES.map((injury) => [injury, 0]));
const first = Number(values.first);
for (let seed = first; seed < first + Number(values.seeds) && totals.events < Number(values.events); seed++) {
  try {
    const report = await chaosRun(seed, Number(values.steps));
    totals.runs++;
    totals.events += report.events;
    totals.commits += report.commits;
    for (const injury of INJURIES) {
      perInjury[injury]! += report.injuries[injury];
      totals.injuries += report.injuries[injury];
    }
  } catch (error) {
    totals.failures++;
    console.log((error as Error).message);
    if (!values['keep-going']) {
      console.log((error as Error).cause);
      break;
    }
  }
}
console.log(JSON.stringify({ ...totals, ...perInjury, seconds: (performance.now() - started) / 1000 }));
process.exitCode = totals.failures > 0 ? 1 : 0;
