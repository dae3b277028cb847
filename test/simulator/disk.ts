import type { CheckpointStore } from '@ddpm-fleet/checkpoint';
import {
  AverageStore,
  DiskMedium,
  errno,
  FileNode,
  MediumStore,
  MemoryTree,
  type FileSystem,
  type OpenFile,
  type Owner,
  type Survivors,
} from '@ddpm-fleet/checkpoint/memory';
import { runPaths } from '@ddpm-fleet/config';
import type { Files, GrowingFile } from '@ddpm-fleet/coordinator/parts';
import type { Clock, Dice } from '@ddpm-fleet/transport';
import type { Host } from './host.js';

export const RUN_DIR = '/run';
const JOURNAL = `${RUN_DIR}/journal.ndjson`;

/** Milliseconds that calls take; all others are done at once. */
export interface Pace {
  readonly syncMs: number;
  readonly listMs: number;
}

/** The disk that a run lies on: it outlives processes, may refuse, be slow, and lose its power. */
export class Disk {
  readonly #clock: Clock;
  readonly #dice: Dice;
  readonly #pace: Pace;
  /** Each call takes far longer, and still ends before a run may be called stuck. */
  isSlow = false;
  #tree: MemoryTree;
  /** Takes no checkpoint. */
  failing = false;
  /** Takes no line of the journal, or a part of one. */
  journalFailing = false;
  /** Hours that the clock on the wall is wrong by. */
  wrongByHours = 0;
  #ids = 0;

  constructor(clock: Clock, dice: Dice, pace: Pace) {
    this.#clock = clock;
    this.#dice = dice;
    this.#pace = pace;
    this.#tree = new MemoryTree(() => this.dateMs());
    this.#tree.mkdir(RUN_DIR);
    this.#tree.mkdir(runPaths(RUN_DIR).requests);
    this.#tree.syncDirectory('/');
    this.#tree.syncDirectory(RUN_DIR);
  }

  get pace(): Pace {
    const { syncMs, listMs } = this.#pace;
    return this.isSlow ? { syncMs: 20 + 2 * syncMs, listMs: 20 + 2 * listMs } : this.#pace;
  }

  /** The time of day, which nobody keeps from jumping. */
  dateMs(): number {
    return Date.UTC(2026, 0, 1) + this.#clock.now + this.wrongByHours * 3_600_000;
  }

  /** Files that are open are lost with it. */
  losePower(survivors: Survivors = () => 0): void {
    this.#tree = this.#tree.afterPowerLoss(survivors);
  }

  journalLines(): string[] {
    if (!this.#tree.has(JOURNAL)) return [];
    return Buffer.from(this.#tree.open(JOURNAL, 'r').bytes).toString('utf8').split('\n').slice(0, -1);
  }

  /** Steps whose averages were kept. */
  averageSteps(): number[] {
    const names = this.#tree.readdir(`${RUN_DIR}/checkpoints/averages`);
    return names.flatMap((name) => (/^step-\d+$/.test(name) ? Number(name.slice(5)) : []));
  }

  /** The store as a process of that host meets it. */
  store(location: string, host: Host): CheckpointStore {
    return new MediumStore(new DiskMedium(location, this.fileSystem(host), this.#owner(host)));
  }

  /** Where snapshots of averages go. */
  averages(location: string, host: Host): AverageStore {
    return new AverageStore(new DiskMedium(`${location}/averages`, this.fileSystem(host), this.#owner(host)));
  }

  #owner(host: Host): Owner {
    return {
      newId: () => `${host.name}-${this.#ids++}`,
      // The only process of its host: whatever else bears its name is gone.
      isGone: (id) =>
        id.startsWith(`${host.name.split('.')[0]}.`) ? !id.startsWith(`${host.name}-`) : undefined,
      nowMs: () => this.dateMs(),
    };
  }

  /** @param host whose process makes the calls */
  fileSystem(host: Host): FileSystem {
    const call = <T>(ms: number, work: (tree: MemoryTree) => T) => this.#call(host, ms, work);
    return {
      mkdir: (path) => call(0, (tree) => this.#taking(() => tree.mkdir(path))),
      open: (path, flags) =>
        call(0, (tree) => {
          const open = () => this.#openFile(tree.open(path, flags), host, tree);
          return flags === 'r' ? open() : this.#taking(open);
        }),
      syncDirectory: (path) => call(this.pace.syncMs, (tree) => tree.syncDirectory(path)),
      rename: (from, to) => call(0, (tree) => tree.rename(from, to)),
      readdir: (path) => call(this.pace.listMs, (tree) => tree.readdir(path)),
      stat: (path) => call(0, (tree) => tree.stat(path)),
      unlink: (path) => call(0, (tree) => tree.unlink(path)),
      rmdir: (path) => call(0, (tree) => tree.rmdir(path)),
    };
  }

  #openFile(node: FileNode, host: Host, opened: MemoryTree): OpenFile {
    const call = <T>(ms: number, work: () => T) =>
      this.#call(host, ms, (tree) => {
        if (tree !== opened) throw errno('EIO', 'the disk lost its power');
        return work();
      });
    return {
      write: async (bytes) => {
        const lived = host.isAlive;
        const written = call(0, () => {
          this.#taking(() => node.append(bytes));
          return bytes.length;
        });
        // Killed in the middle of it: a part is there.
        if (lived && !host.isAlive) node.append(bytes.subarray(0, bytes.length / 2));
        return written;
      },
      read: (into, position) =>
        call(0, () => {
          const piece = node.bytes.subarray(position, position + into.length);
          into.set(piece);
          return piece.length;
        }),
      sync: () => call(this.pace.syncMs, () => node.sync()),
      close: async () => undefined,
    };
  }

  #taking<T>(work: () => T): T {
    if (this.failing) throw errno('ENOSPC', 'no space is left');
    return work();
  }

  /** A call that was made is done even if its process dies meanwhile; a disk without power does nothing. */
  #call<T>(host: Host, ms: number, work: (tree: MemoryTree) => T): Promise<T> {
    // Nobody is left to be answered.
    if (!host.act()) return new Promise(() => undefined);
    const tree = this.#tree;
    const perform = (): T => {
      if (tree !== this.#tree) throw errno('EIO', 'the disk lost its power');
      return work(tree);
    };
    if (ms === 0) return new Promise((resolve) => resolve(perform()));
    return new Promise((resolve, reject) => {
      this.#clock.after(ms, () => {
        try {
          const result = perform();
          host.reach(() => resolve(result));
        } catch (error) {
          host.reach(() => reject(error as Error));
        }
      });
    });
  }

  /** The run's directory, for the coordinator: calls that block it. */
  files(host: Host): Files {
    return {
      append: (path) => this.#grow(path, host),
      readTail: (path, maxBytes) => {
        if (!this.#tree.has(path)) return undefined;
        const { bytes } = this.#tree.open(path, 'r');
        const start = Math.max(0, bytes.length - maxBytes);
        return { start, bytes: bytes.slice(start) };
      },
      truncate: (path, sizeBytes) => this.#tree.open(path, 'r').truncate(sizeBytes),
      rewrite: (path, keptBytes, rest) => {
        if (this.journalFailing) throw errno('ENOSPC', path);
        if (host.act()) this.#rewrite(path, keptBytes, rest);
        return this.#grow(path, host);
      },
      readText: (path) => Buffer.from(this.#tree.open(path, 'r').bytes).toString('utf8'),
      replace: (path, text) => {
        if (!host.act()) return;
        if (this.#tree.has(`${path}.next`)) this.#tree.unlink(`${path}.next`);
        this.#tree.open(`${path}.next`, 'wx').append(Buffer.from(text));
        this.#tree.rename(`${path}.next`, path);
      },
      remove: (path) => {
        if (host.act() && this.#tree.has(path)) this.#tree.unlink(path);
      },
      list: (directory) => this.#tree.readdir(directory),
    };
  }

  #rewrite(path: string, keptBytes: number, rest: Uint8Array): void {
    const next = `${path}.next`;
    if (this.#tree.has(next)) this.#tree.unlink(next);
    const kept = this.#tree.open(path, 'r').bytes.slice(0, keptBytes);
    const node = this.#tree.open(next, 'wx');
    node.append(kept);
    node.append(rest);
    node.sync();
    this.#tree.rename(next, path);
    this.#tree.syncDirectory(RUN_DIR);
  }

  #grow(path: string, host: Host): GrowingFile {
    const tree = this.#tree;
    const isNew = !tree.has(path);
    const node = tree.open(path, 'a');
    if (isNew) tree.syncDirectory(path.slice(0, path.lastIndexOf('/')));
    return {
      write: (bytes) => {
        const lived = host.isAlive;
        // Whoever is dead does not find out.
        if (!host.act()) {
          if (lived) node.append(bytes.subarray(0, this.#dice.roll() * bytes.length));
          return bytes.length;
        }
        if (this.journalFailing && this.#dice.happens(0.7)) throw errno('ENOSPC', path);
        const taken = this.journalFailing ? Math.floor(this.#dice.roll() * bytes.length) : bytes.length;
        node.append(bytes.subarray(0, taken));
        return taken;
      },
      sync: () => {
        const { sizeBytes } = node;
        return this.#call(host, this.pace.syncMs, () => node.sync(sizeBytes));
      },
      close: () => undefined,
    };
  }
}
