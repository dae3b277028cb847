import { compareProfiles, fleetError, isFleetError } from '@ddpm-fleet/core';
import { checkpointDigest } from './digest.js';
import { assertFiniteWeights, readFinite } from './finite.js';
import { encodeManifest, manifestHead, type CheckpointInfo, type FileRecord } from './manifest.js';
import { stepName, type Entry, type Medium, type Ticket } from './medium.js';
import { partFiles } from './parts.js';
import { assemble, firstUsable, newestFirst, problemOf, readManifest, weightsFilter } from './reading.js';
import { applyPolicy, type RetentionPolicy } from './retention.js';
import { assertShares } from './shares.js';
import type { Snapshot, WeightsName } from './state.js';
import type {
  CheckpointStore,
  Loaded,
  LoadedWeights,
  Published,
  Skipped,
  Verdict,
  WrittenShare,
} from './store.js';

/** The one implementation of the store; where the bytes go is the medium's affair. */
export class MediumStore implements CheckpointStore {
  readonly #medium: Medium;

  constructor(medium: Medium) {
    this.#medium = medium;
  }

  get location(): string {
    return this.#medium.location;
  }

  async publish(snapshot: Snapshot): Promise<Published> {
    const digest = checkpointDigest(snapshot.state, snapshot.layout);
    const ticket = this.#medium.ticket(snapshot.state.globalStep, 1, digest);
    try {
      return await this.#publish(ticket, [await this.#writeShare(ticket, 0, snapshot, digest)]);
    } catch (error) {
      await this.abandon(ticket);
      throw error;
    }
  }

  openTicket(globalStep: number, shares: number): Ticket {
    return this.#medium.ticket(globalStep, shares);
  }

  async writeShare(ticket: Ticket, share: number, snapshot: Snapshot): Promise<WrittenShare> {
    return this.#writeShare(ticket, share, snapshot, checkpointDigest(snapshot.state, snapshot.layout));
  }

  async publishShares(ticket: Ticket, written: readonly WrittenShare[]): Promise<Published> {
    assertShares(ticket, written);
    return this.#publish(ticket, written);
  }

  async abandon(ticket: Ticket): Promise<void> {
    await this.#medium.abandon(ticket);
  }

  async list(): Promise<CheckpointInfo[]> {
    const latest = await this.#medium.latest();
    const infos: CheckpointInfo[] = [];
    for (const entry of await newestFirst(this.#medium)) infos.push(await this.#info(entry, latest));
    return infos;
  }

  async load(which: number | 'newest'): Promise<Loaded> {
    const { entry, value, skipped } = await this.#read(which, async (entry) => {
      const manifest = await readManifest(this.#medium, entry);
      return { manifest, assembly: await assemble(this.#medium, entry, manifest) };
    });
    const { manifest, assembly } = value;
    const snapshot = { state: assembly.state, layout: assembly.layout, meta: manifest.meta };
    return { name: entry.name, snapshot, digest: manifest.digest, skipped };
  }

  async loadWeights(which: number | 'newest', weights: WeightsName): Promise<LoadedWeights> {
    const { entry, value, skipped } = await this.#read(which, async (entry) => {
      const manifest = await readManifest(this.#medium, entry);
      return {
        manifest,
        assembly: await assemble(this.#medium, entry, manifest, weightsFilter(manifest, weights, entry.name)),
      };
    });
    const { state, layout } = value.assembly;
    const { globalStep, digest, meta } = value.manifest;
    const values =
      weights === 'raw'
        ? state.params
        : state.emas.find((ema) => compareProfiles(ema, weights) === 0)!.values;
    assertFiniteWeights(entry.name, values);
    return { name: entry.name, globalStep, digest, values, layout, meta, skipped };
  }

  async verify(which?: number): Promise<Verdict[]> {
    const entries = which === undefined ? await newestFirst(this.#medium) : [await this.#entry(which)];
    const verdicts: Verdict[] = [];
    for (const entry of entries) {
      const { name, globalStep } = entry;
      const problem = await this.#problem(entry);
      verdicts.push({ name, globalStep, ...(problem === undefined ? {} : { problem }) });
    }
    return verdicts;
  }

  /**
   * Before anything is removed, one of those that stay is read in full. If none of them is whole, the newest whole
   * one among the others stays too.
   */
  async prune(policy: RetentionPolicy): Promise<string[]> {
    const { keep, remove } = applyPolicy(await this.list(), policy);
    if (remove.length === 0) return [];
    const spared = (await this.#firstWhole(keep)) ?? (await this.#firstWhole(remove));
    if (!spared) return [];
    const removed = remove.filter((info) => info !== spared).toReversed();
    for (const info of removed) await this.#medium.remove(info);
    return removed.map((info) => info.name);
  }

  async #publish(ticket: Ticket, written: readonly WrittenShare[]): Promise<Published> {
    const shares = written.toSorted((a, b) => a.share - b.share);
    const files = shares.flatMap((share) => share.files);
    const { head } = shares[0]!;
    await this.#medium.commit(ticket, files, encodeManifest(head, files));
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    return {
      name: stepName(ticket.globalStep),
      globalStep: ticket.globalStep,
      digest: head.digest,
      sizeBytes,
    };
  }

  async #writeShare(
    ticket: Ticket,
    share: number,
    snapshot: Snapshot,
    digest: string,
  ): Promise<WrittenShare> {
    const files: FileRecord[] = [];
    for (const file of partFiles(snapshot, share, ticket.shares)) {
      const { part, profile } = file;
      const stored = await this.#medium.put(ticket, file);
      files.push({ part, ...profile, share, ...stored });
    }
    return { share, head: manifestHead(snapshot, digest), files };
  }

  async #entry(globalStep: number): Promise<Entry> {
    const entries = await newestFirst(this.#medium);
    const entry = entries.find((one) => one.globalStep === globalStep);
    if (entry) return entry;
    const steps = entries.map((one) => one.globalStep).join(', ') || 'none';
    throw fleetError('DDPM_ERR_CHECKPOINT_MISSING', { step: globalStep, location: this.location, steps });
  }

  async #read<T>(
    which: number | 'newest',
    read: (entry: Entry) => Promise<T>,
  ): Promise<{ entry: Entry; value: T; skipped: Skipped[] }> {
    const { location } = this;
    if (which === 'newest') {
      const entries = await newestFirst(this.#medium);
      if (entries.length === 0) throw fleetError('DDPM_ERR_CHECKPOINT_NONE', { location });
      return firstUsable(location, entries, read);
    }
    const entry = await this.#entry(which);
    try {
      return { entry, value: await read(entry), skipped: [] };
    } catch (error) {
      const problem = problemOf(error);
      throw fleetError('DDPM_ERR_CHECKPOINT_BAD', { name: entry.name, location, problem }, { cause: error });
    }
  }

  async #info(entry: Entry, latest: string | undefined): Promise<CheckpointInfo> {
    const { name, globalStep } = entry;
    const known = { name, globalStep, isLatest: stepName(globalStep) === latest };
    try {
      const manifest = await readManifest(this.#medium, entry);
      return { ...known, manifest, sizeBytes: manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0) };
    } catch (error) {
      return { ...known, problem: listedProblem(error), sizeBytes: 0 };
    }
  }

  async #problem(entry: Entry): Promise<string | undefined> {
    try {
      const manifest = await readManifest(this.#medium, entry);
      for (const file of manifest.files) await readFinite(this.#medium, entry, file);
      return undefined;
    } catch (error) {
      return listedProblem(error);
    }
  }

  async #firstWhole(infos: readonly CheckpointInfo[]): Promise<CheckpointInfo | undefined> {
    for (const info of infos) if ((await this.#problem(info)) === undefined) return info;
    return undefined;
  }
}

/** In a list, a checkpoint of another format version is one more that cannot be used here. */
function listedProblem(error: unknown): string {
  return isFleetError(error, 'DDPM_ERR_CHECKPOINT_VERSION') ? error.message : problemOf(error);
}
