import assert from 'node:assert/strict';
import {
  INVARIANTS as MACHINE,
  type Effect,
  type Event,
  type State,
  type StepEntry,
} from '@ddpm-fleet/coordinator/parts';
import { Ledger } from './ledger.js';

/** The closed list of what must hold, each with how often it was checked: of the machine, and of the whole run. */
export const INVARIANTS = [
  ...Object.values(MACHINE),
  'HELLO says what an idle device holds',
  'HELLO says what is held, and nothing that was called damaged',
  'a sum answers a lease that is held',
  'what is applied is committed, whole, and not abandoned',
  'READY is said when all that is committed is applied',
  'a state that is loaded or given is of the step that was asked for',
  'no root is waited for in vain',
  'replica equals the undisturbed run',
  'checkpoint equals the undisturbed run',
  'journal reads as one unbroken run',
  'progress while enough workers live',
  'the run ends with the undisturbed weights',
] as const;

export type Invariant = (typeof INVARIANTS)[number];

/** What must hold after every event of every life of a coordinator. One for all lives of a run. */
export class Invariants {
  readonly checks = Object.fromEntries(INVARIANTS.map((name) => [name, 0])) as Record<Invariant, number>;
  /** gradient of each step that was ever committed. */
  readonly #digests = new Map<number, string>();
  #next = 0;
  #ledger: Ledger | undefined;
  #generation = 0;
  #globalStep = 0;
  #marks = new Uint8Array(0);
  commits = 0;
  /** A replica was damaged on purpose: steps that it lent a hand to come out otherwise when they are computed again. */
  corrupted = false;

  /** A coordinator starts from this state. */
  begin(state: State): void {
    this.#next = state.globalStep;
    this.#ledger = new Ledger(state.options);
    this.#generation = state.generation;
    this.#globalStep = state.globalStep;
    this.#marks = new Uint8Array(state.options.numSlots);
  }

  check(state: State, event: Event, effects: readonly Effect[]): void {
    if (event.type === 'adopted') this.#next = state.globalStep;
    let rewound = event.type === 'adopted';
    for (const effect of effects) {
      if (effect.type === 'commit') this.#checkCommit(effect.entry);
      if (effect.type !== 'journal' || effect.entry.kind !== 'rewind') continue;
      assert.ok(effect.entry.globalStep < effect.entry.from, 'a rewind goes back');
      this.#next = effect.entry.globalStep;
      rewound = true;
    }
    this.#ledger!.follow(state, event, effects);
    this.checks[MACHINE[4]]++;
    this.#checkOrder(state, rewound);
    this.#checkRound(state);
  }

  #checkOrder({ generation, globalStep }: State, rewound: boolean): void {
    assert.ok(generation >= this.#generation, 'generations never go back');
    assert.ok(rewound || globalStep >= this.#globalStep, 'steps go back only by a rewind');
    this.#generation = generation;
    this.#globalStep = globalStep;
    this.checks[MACHINE[7]]++;
  }

  #checkCommit(entry: StepEntry): void {
    assert.equal(entry.globalStep, this.#next, 'commits come in order');
    this.#next++;
    this.commits++;
    this.checks[MACHINE[2]]++;
    this.#checkSlots(entry.slots);
    const digest = entry.buckets.join() + (entry.skipped === undefined ? '' : ' skipped');
    const before = this.#digests.get(entry.globalStep);
    if (before !== undefined && !this.corrupted)
      assert.equal(digest, before, `step ${entry.globalStep} has one result`);
    this.#digests.set(entry.globalStep, digest);
    this.checks[MACHINE[3]]++;
  }

  #checkSlots(slots: StepEntry['slots']): void {
    let at = 0;
    for (const [start, end] of slots) {
      assert.ok(start === at && end > start, 'each slot is counted once');
      at = end;
    }
    assert.equal(at, this.#marks.length, 'no slot is left out');
    this.checks[MACHINE[1]]++;
  }

  #checkRound({ round, phase, peers }: State): void {
    assert.ok(phase !== 'stepping' || round, 'a step in progress has a round');
    if (!round) return;
    const marks = this.#marks.fill(0);
    let slots = 0;
    let open = 0;
    for (const { start, end, owner, taken, openParts } of round.units.values()) {
      for (let slot = start; slot < end; slot++)
        assert.equal(marks[slot]++, 0, `slot ${slot} is in one unit`);
      slots += end - start;
      let missing = 0;
      for (const part of taken) if (part === 0) missing++;
      assert.equal(openParts, missing, 'open parts are counted');
      if (openParts === 0) continue;
      open++;
      if (owner !== null)
        assert.equal(peers.get(owner)?.status, 'active', 'a lease is held by an active worker');
    }
    assert.equal(slots, marks.length, 'units cover the slots');
    assert.equal(open, round.openUnits, 'open units are counted');
    this.checks[MACHINE[5]]++;
    this.checks[MACHINE[6]]++;
  }
}
