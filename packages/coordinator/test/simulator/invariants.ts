import assert from 'node:assert/strict';
import type { Effect, Event, State, StepEntry } from '../../src/machine/index.js';

/** What must hold after every event of every life of a coordinator. One for all lives of a run. */
export class Invariants {
  /** gradient of each step that was ever committed. */
  readonly #digests = new Map<number, string>();
  #next = 0;
  commits = 0;
  /** A replica was damaged on purpose: steps that it lent a hand to come out otherwise when they are computed again. */
  corrupted = false;

  /** A coordinator starts from this step. */
  begin(globalStep: number): void {
    this.#next = globalStep;
  }

  check(state: State, event: Event, effects: readonly Effect[]): void {
    if (event.type === 'adopted') this.#next = state.globalStep;
    for (const effect of effects) {
      if (effect.type === 'commit') this.#checkCommit(effect.entry, state.options.numSlots);
      if (effect.type === 'journal' && effect.entry.kind === 'rewind') this.#next = effect.entry.globalStep;
    }
    checkRound(state);
    checkPeers(state);
  }

  #checkCommit(entry: StepEntry, numSlots: number): void {
    assert.equal(entry.globalStep, this.#next, 'commits come in order');
    this.#next++;
    this.commits++;
    const slots = entry.slots.flatMap(([start, end]) =>
      Array.from({ length: end - start }, (_, i) => start + i),
    );
    assert.deepEqual(slots, [...Array(numSlots).keys()], 'each slot is counted once');
    const digest = entry.buckets.join();
    const before = this.#digests.get(entry.globalStep);
    if (before !== undefined && !this.corrupted)
      assert.equal(digest, before, `step ${entry.globalStep} has one result`);
    this.#digests.set(entry.globalStep, digest);
  }
}

function checkRound({ round, options, phase }: State): void {
  assert.equal(
    round !== null && phase === 'stepping',
    phase === 'stepping',
    'a step in progress has a round',
  );
  if (!round) return;
  const units = [...round.units.values()].toSorted((a, b) => a.start - b.start);
  let at = 0;
  let open = 0;
  for (const unit of units) {
    assert.equal(unit.start, at, 'units partition the slots');
    at = unit.end;
    assert.equal(unit.openParts, unit.taken.filter((taken) => taken === 0).length, 'open parts are counted');
    if (unit.openParts > 0) open++;
  }
  assert.equal(at, options.numSlots);
  assert.equal(open, round.openUnits, 'open units are counted');
}

function checkPeers({ round, peers }: State): void {
  if (!round) return;
  for (const { owner, openParts } of round.units.values()) {
    if (owner !== null && openParts > 0)
      assert.equal(peers.get(owner)?.status, 'active', 'leases are held by active workers');
  }
}
