import type { CheckpointStore, Saver, SnapshotMeta, Ticket } from '@ddpm-fleet/checkpoint';
import type { Logger } from 'pino';
import type { EffectOf } from '../machine/index.js';
import type { Emit } from './emit.js';
import { messageOf } from './message.js';
import type { Wire } from './wire.js';

interface Parts {
  readonly store: CheckpointStore;
  readonly saver: Saver;
  readonly meta: Omit<SnapshotMeta, 'createdAt' | 'journalHead' | 'losses'>;
  readonly mayPublish: () => Promise<void>;
  readonly date: () => Date;
}

interface OpenSave {
  readonly ticket: Ticket;
  readonly meta: SnapshotMeta;
}

/** Checkpoints whose files workers write straight to the store: asks for the shares, and publishes them. */
export class ShareSaves {
  readonly #parts: Parts;
  readonly #wire: Wire;
  readonly #emit: Emit;
  readonly #log: Logger;
  readonly #open = new Map<number, OpenSave>();

  constructor(parts: Parts, wire: Wire, emit: Emit, log: Logger) {
    this.#parts = parts;
    this.#wire = wire;
    this.#emit = emit;
    this.#log = log;
  }

  open({ transfer, globalStep, writers }: EffectOf<'openShares'>): void {
    const ticket = this.#parts.store.openTicket(globalStep, writers.length);
    const createdAt = this.#parts.date().toISOString();
    const meta = { ...this.#parts.meta, createdAt, losses: {} };
    this.#open.set(transfer, { ticket, meta });
    for (const [share, peer] of writers.entries()) {
      this.#wire.send([peer], { type: 'CHECKPOINT_REQUEST', transfer, globalStep, ticket, share, meta });
    }
  }

  async publish({
    transfer,
    globalStep,
    written,
    journalHead,
    losses,
  }: EffectOf<'publishShares'>): Promise<void> {
    const { ticket, meta } = this.#open.get(transfer)!;
    this.#open.delete(transfer);
    try {
      await this.#parts.mayPublish();
      // The journal's line and the held-out loss were not known when the shares were asked for.
      const known = { ...meta, losses, ...(journalHead && { journalHead }) };
      const shares = written.map((share) => ({ ...share, head: { ...share.head, meta: known } }));
      const { digest, pruneProblem } = await this.#parts.saver.publishShares(ticket, shares);
      if (pruneProblem) this.#log.warn({ pruneProblem }, 'old checkpoints were not removed');
      this.#emit({ type: 'saved', transfer, globalStep, digest });
    } catch (error) {
      await this.#abandon(ticket);
      this.#emit({ type: 'saveFailed', transfer, globalStep, reason: messageOf(error) });
    }
  }

  async drop({ transfer }: EffectOf<'dropShares'>): Promise<void> {
    const save = this.#open.get(transfer);
    this.#open.delete(transfer);
    if (save) await this.#abandon(save.ticket);
  }

  /** What stays behind is swept up by a later save. */
  async #abandon(ticket: Ticket): Promise<void> {
    try {
      await this.#parts.store.abandon(ticket);
    } catch (error) {
      this.#log.warn({ problem: messageOf(error) }, 'what a failed save left could not be removed');
    }
  }
}
