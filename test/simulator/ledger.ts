import assert from 'node:assert/strict';
import { spanOf, type TreeNode } from '@ddpm-fleet/core';
import { FrameKind, type PartialHeader, type PartialImagesHeader, type SlotRun } from '@ddpm-fleet/protocol';
import type { Effect, Event, State } from '@ddpm-fleet/coordinator/parts';

interface Lease {
  readonly peer: string;
  readonly generation: number;
}

/**
 * Accounts of the step in progress that know nothing of the machine's own: they follow what it says to workers and
 * which frames it takes. Slots are counted here one by one, whatever subtrees they come in.
 */
export class Ledger {
  readonly #numSlots: number;
  readonly #parts: number;
  #leases: (Lease | undefined)[] = [];
  /** By part, then by slot. */
  #taken = new Uint8Array(0);
  #open = false;

  constructor({ numSlots, bucketSizes }: State['options']) {
    this.#numSlots = numSlots;
    this.#parts = bucketSizes.length + 1;
  }

  follow(state: State, event: Event, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'beginRound') this.#begin();
      else if (effect.type === 'reduce') this.#take(event, effect.node);
      else if (effect.type === 'commit') this.#close();
      else if (effect.type !== 'send') continue;
      else if (effect.message.type === 'STEP_BEGIN')
        for (const run of effect.message.runs)
          this.#lease(state, effect.to[0]!, effect.message.generation, run);
      else if (effect.message.type === 'STEP_ABORT') this.#abort(effect.to, effect.message.runs);
    }
  }

  #begin(): void {
    this.#leases = Array.from({ length: this.#numSlots });
    this.#taken = new Uint8Array(this.#parts * this.#numSlots);
    this.#open = true;
  }

  #lease(state: State, peer: string, generation: number, { start, end }: SlotRun): void {
    for (let slot = start; slot < end; slot++) {
      const before = this.#leases[slot];
      if (before && before.peer !== peer)
        assert.notEqual(
          state.peers.get(before.peer)?.status,
          'active',
          `slot ${slot} is leased to one worker at a time`,
        );
      this.#leases[slot] = { peer, generation };
    }
  }

  #abort(peers: readonly string[], runs: readonly SlotRun[]): void {
    for (const { start, end } of runs.length > 0 ? runs : [{ start: 0, end: this.#numSlots }])
      for (let slot = start; slot < end; slot++) {
        const lease = this.#leases[slot];
        if (lease && peers.includes(lease.peer)) this.#leases[slot] = undefined;
      }
  }

  #take(event: Event, node: TreeNode): void {
    assert.ok(event.type === 'frame', 'sums are made of frames');
    const { peer, header } = event;
    assert.ok(
      header.kind === FrameKind.partial || header.kind === FrameKind.partialImages,
      'sums are made of parts',
    );
    const part = this.#partOf(header);
    const { start, end } = spanOf(this.#numSlots, node);
    for (let slot = start; slot < end; slot++) {
      const lease = this.#leases[slot];
      assert.ok(
        lease?.peer === peer && lease.generation === header.generation,
        `slot ${slot} is taken from the worker that holds its lease`,
      );
      const at = part * this.#numSlots + slot;
      assert.equal(this.#taken[at], 0, `part ${part} of slot ${slot} is summed once`);
      this.#taken[at] = 1;
    }
  }

  #partOf(header: PartialHeader | PartialImagesHeader): number {
    return header.kind === FrameKind.partialImages ? this.#parts - 1 : header.bucket;
  }

  #close(): void {
    assert.ok(this.#open, 'what is committed was begun');
    assert.ok(!this.#taken.includes(0), 'every part of every slot is in the sum');
    this.#open = false;
  }
}
