import type {
  AverageType,
  CheckpointInfo,
  CheckpointStore,
  RetentionPolicy,
  Saver,
  Snapshot,
  SnapshotMeta,
} from '@ddpm-fleet/checkpoint';
import { fleetError, isFleetError, type ParamLayout } from '@ddpm-fleet/core';
import { FrameKind, isFrame, StateReceiver, type DataFrame } from '@ddpm-fleet/protocol';
import type { Logger } from 'pino';
import { isTrusted, type EffectOf, type EventOf, type JournalHead } from '../machine/index.js';
import type { Emit } from './emit.js';
import { messageOf } from './message.js';
import { sendState } from './sendState.js';
import { ShareSaves } from './shareSaves.js';
import type { Surroundings } from './surroundings.js';
import type { Wire } from './wire.js';

type Receiver = StateReceiver<EffectOf<'expectState'>>;

export interface SavesOptions {
  readonly run: bigint;
  readonly location: string;
  readonly retention: RetentionPolicy;
  readonly averageType: AverageType;
  /** Start from this checkpoint rather than from the newest. */
  readonly from?: { readonly location: string; readonly globalStep: number };
  readonly meta: Omit<SnapshotMeta, 'createdAt' | 'journalHead' | 'losses'>;
  /** Resolves when the lines written so far are durable: no checkpoint is ahead of its journal, even after a power loss. @throws while they cannot be, or once another owns the run */
  readonly mayPublish: () => Promise<void>;
  /** The journal's last line as it stands. */
  readonly journalHead: () => JournalHead | null;
}

/** Checkpoints in and out: states that come from workers are published, published ones are found and sent. */
export class Saves {
  readonly #options: SavesOptions;
  readonly #wire: Wire;
  readonly #emit: Emit;
  readonly #log: Logger;
  readonly #store: CheckpointStore;
  readonly #saver: Saver;
  readonly #surroundings: Surroundings;
  /** Checkpoints that workers write themselves. */
  readonly shares: ShareSaves;
  readonly #receivers = new Map<number, Receiver>();
  #from: SavesOptions['from'];
  /** Of the workers; needed to publish. */
  layout: ParamLayout | undefined;

  constructor(options: SavesOptions, surroundings: Surroundings, wire: Wire, emit: Emit, log: Logger) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#wire = wire;
    this.#emit = emit;
    this.#log = log;
    this.#from = options.from;
    this.#store = surroundings.openStore(options.location);
    this.#saver = surroundings.openSaver(options.location, options.retention);
    const { meta, mayPublish } = options;
    const { date } = surroundings;
    this.shares = new ShareSaves(
      { store: this.#store, saver: this.#saver, meta, mayPublish, date },
      wire,
      emit,
      log,
    );
  }

  expect(effect: EffectOf<'expectState'>): void {
    this.#receiver(effect.transfer).announce(effect);
    this.#saveIfWhole(effect.transfer);
  }

  drop({ transfer }: EffectOf<'dropState'>): void {
    this.#receivers.delete(transfer);
  }

  forward({ to, store }: EffectOf<'forwardState'>, frame: DataFrame): void {
    this.#wire.pass(to, frame);
    if (!store || !isFrame(frame, FrameKind.state)) return;
    const { transfer } = frame.header;
    this.#receiver(transfer).add(frame);
    this.#saveIfWhole(transfer);
  }

  #receiver(transfer: number): Receiver {
    let found = this.#receivers.get(transfer);
    if (!found) this.#receivers.set(transfer, (found = new StateReceiver(transfer, sharedArray)));
    return found;
  }

  #saveIfWhole(transfer: number): void {
    const receiver = this.#receiver(transfer);
    if (!receiver.isWhole) return;
    this.#receivers.delete(transfer);
    void this.#save(receiver);
  }

  async #save(receiver: Receiver): Promise<void> {
    const { transfer, globalStep, journalHead, losses, keep } = receiver.announcement!;
    try {
      const meta: SnapshotMeta = {
        ...this.#options.meta,
        createdAt: this.#surroundings.date().toISOString(),
        ...(journalHead && { journalHead }),
        losses,
      };
      await this.#options.mayPublish();
      const snapshot = { state: receiver.state(), layout: this.layout!, meta };
      if (keep.averages) await this.#saveAverages(snapshot);
      if (!keep.checkpoint) return;
      const { digest, pruneProblem } = await this.#saver.saveNow(snapshot, 'give');
      if (pruneProblem) this.#log.warn({ pruneProblem }, 'old checkpoints were not removed');
      this.#emit({ type: 'saved', transfer, globalStep, digest });
    } catch (error) {
      const reason = messageOf(error);
      if (keep.checkpoint) this.#emit({ type: 'saveFailed', transfer, globalStep, reason });
      else
        this.#log.error(
          { globalStep, reason },
          `the averages of step ${globalStep} were not written: ${reason}`,
        );
    }
  }

  async #saveAverages(snapshot: Snapshot): Promise<void> {
    const { globalStep } = snapshot.state;
    const { sizeBytes } = await this.#saver.saveAverages(snapshot, this.#options.averageType, 'give');
    this.#log.info({ globalStep, sizeBytes }, `averages of step ${globalStep}`);
  }

  /** Finds the newest whole checkpoint, or the one that was asked for. */
  async find(wanted: EffectOf<'findCheckpoint'>): Promise<void> {
    try {
      this.#emit({ type: 'checkpointFound', ...(await this.#find(wanted)) });
    } catch (error) {
      this.#emit({ type: 'failed', reason: messageOf(error) });
    }
  }

  async #find(
    wanted: EffectOf<'findCheckpoint'>,
  ): Promise<Pick<EventOf<'checkpointFound'>, 'checkpoint' | 'refusal'>> {
    const from = this.#from;
    // Asked for at the start; later the newest one counts.
    this.#from = undefined;
    if (from) {
      const found = await this.#surroundings.openStore(from.location).load(from.globalStep);
      return { checkpoint: { ...from, digest: found.digest } };
    }
    const { atMost, trust } = wanted;
    const all = await this.#store.list();
    const trusted = all.filter(({ globalStep }) => isTrusted(trust, globalStep));
    const infos = trusted.filter(({ globalStep }) => globalStep <= atMost);
    for (const info of infos) {
      const { globalStep, name, manifest } = info;
      const problem = await this.#problemOf(info);
      if (problem === undefined)
        return { checkpoint: { globalStep, location: this.#options.location, digest: manifest!.digest } };
      this.#log.error({ checkpoint: name, problem }, `checkpoint ${name} cannot be used: ${problem}`);
    }
    // A save that ended meanwhile published another one, and retention removed those that were looked at.
    const now = infos.length > 0 ? await this.#store.list() : [];
    if (now.some(({ name }) => !all.some((info) => info.name === name))) return this.#find(wanted);
    // Without any whole checkpoint this throws and names each: never silently from step 0.
    if (infos.length > 0) await this.#store.load('newest');
    const refusal = this.#refusal(atMost, all);
    return { checkpoint: null, ...(refusal && { refusal: messageOf(refusal) }) };
  }

  /**
   * Why a run for which no checkpoint was found must not begin anew; undefined where it may. A checkpoint holds the head
   * of the journal that it was made under: a journal that does not reach that line was cut. (A checkpoint that is ahead
   * of the run, but not of the journal, is of an abandoned line: a save outlived the rewind.)
   */
  #refusal(step: number, infos: readonly CheckpointInfo[]): Error | undefined {
    const { location, meta, journalHead } = this.#options;
    const lines = journalHead()?.line ?? 0;
    const cut = infos.findLast(({ manifest }) => (manifest?.meta.journalHead?.line ?? 0) > lines);
    if (cut) return fleetError('DDPM_ERR_JOURNAL_CUT', { step, oldest: cut.globalStep, location });
    return meta.parent && fleetError('DDPM_ERR_CHECKPOINT_NONE', { location });
  }

  async #problemOf({ globalStep, manifest }: CheckpointInfo): Promise<string | undefined> {
    try {
      const [verdict] = await this.#store.verify(globalStep);
      return verdict?.problem ?? (manifest ? this.#foreign(manifest.meta.identityHash) : 'no manifest');
    } catch (error) {
      if (isFleetError(error, 'DDPM_ERR_CHECKPOINT_MISSING')) return 'it is gone';
      throw error;
    }
  }

  #foreign(identityHash: string): string | undefined {
    return identityHash === this.#options.meta.identityHash ? undefined : 'it is of another run';
  }

  /** Sends a checkpoint to a worker that cannot read it. */
  async stream({ to, transfer, globalStep, location }: EffectOf<'streamCheckpoint'>): Promise<void> {
    try {
      const { snapshot } = await this.#surroundings.openStore(location).load(globalStep);
      sendState(this.#wire, this.#options.run, to, transfer, snapshot.state);
    } catch (error) {
      this.#emit({ type: 'checkpointGone', peer: to, globalStep, reason: messageOf(error) });
    }
  }

  async close(): Promise<void> {
    await this.#saver.close();
  }
}

/** Shared memory, so that the thread that saves a state needs no copy. */
function sharedArray(count: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * count));
}
