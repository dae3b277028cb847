import { addParts, PART_NAMES, sumOfParts, type Parts } from '@ddpm-fleet/telemetry';
import { Attribution, type State } from '@ddpm-fleet/coordinator/parts';
import test from 'ava';
import { chaosRun } from './chaos.js';

/** When the workers of one life of the coordinator were there, found out by looking after every event. */
class Presence {
  readonly #first = new Map<string, number>();
  readonly #last = new Map<string, number>();

  look({ now, peers }: State, before: State['peers'] | undefined): void {
    for (const worker of new Set([...peers.values()].map(({ workerId }) => workerId))) {
      if (!this.#first.has(worker)) this.#first.set(worker, now);
      this.#last.set(worker, now);
    }
    for (const { workerId } of before?.values() ?? []) this.#last.set(workerId, now);
  }

  get wallMs(): number {
    return [...this.#first].reduce((sum, [worker, first]) => sum + this.#last.get(worker)! - first, 0);
  }
}

/** One life. */
class Watched {
  readonly state: State;
  readonly attribution: Attribution;
  readonly presence = new Presence();
  #before: State['peers'] | undefined;

  constructor(state: State) {
    this.state = state;
    this.attribution = new Attribution(state.now);
  }

  look(): void {
    this.presence.look(this.state, this.#before);
    this.#before = new Map(this.state.peers);
  }
}

test('the parts of every worker add up to its time, under faults, and each part occurs', async (t) => {
  const lives: Watched[] = [];
  for (let seed = 1; seed <= 5; seed++) {
    await chaosRun(seed, {
      steps: 20,
      onState: (state, event) => {
        if (lives.at(-1)?.state !== state) lives.push(new Watched(state));
        lives.at(-1)!.attribution.observe(state, event);
        lives.at(-1)!.look();
      },
    });
  }
  const all: Parts[] = [];
  for (const { state, attribution, presence } of lives) {
    const parts = addParts(Object.values(attribution.workers(state.now)));
    const workers = Math.max(1, Object.keys(attribution.workers(state.now)).length);
    // Each part is rounded to a millisecond.
    t.true(Math.abs(1000 * sumOfParts(parts) - presence.wallMs) <= workers * PART_NAMES.length);
    all.push(parts);
  }
  const totals = addParts(all);
  t.log(lives.length, 'lives', totals);
  // Simulated sums are added up in no time.
  for (const part of PART_NAMES.filter((name) => name !== 'exchange')) t.true((totals[part] ?? 0) > 0, part);
});
