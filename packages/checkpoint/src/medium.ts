/** One save while it is being written; plain data, so that it can be sent to the workers that write shares. */
export interface Ticket {
  readonly globalStep: number;
  /** Into how many shares the state is cut. */
  readonly shares: number;
  /** Tells apart saves of the same step. */
  readonly id: string;
}

/** A published checkpoint as a medium finds it; the manifest may still turn out to be damaged. */
export interface Entry {
  readonly name: string;
  readonly globalStep: number;
}

/** A file to be written: its bytes piece by piece, as often as they are asked for. */
export interface NewFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly chunks: () => Iterable<Uint8Array>;
}

/** A file as it was written. */
export interface StoredFile {
  /** Relative to the checkpoint. */
  readonly path: string;
  readonly sizeBytes: number;
  /** hex */
  readonly sha256: string;
}

/**
 * Where checkpoints lie: moves bytes and knows what durable means there, but not what a checkpoint is.
 * Invariant: an entry is listed only between the moment at which all its files and its manifest are durable and
 * the moment at which its removal begins.
 */
export interface Medium {
  readonly location: string;
  /** @param digest of the state, where one process writes all of it */
  ticket(globalStep: number, shares: number, digest?: string): Ticket;
  /** Writes and hashes one file of a save; durable when it resolves. */
  put(ticket: Ticket, file: NewFile): Promise<StoredFile>;
  /** Makes the save an entry, replacing one of the same step, and then points LATEST at it. */
  commit(ticket: Ticket, files: readonly StoredFile[], manifest: Uint8Array): Promise<void>;
  /** Frees what a save that failed holds, but for what a second try of it could go on from. */
  abandon(ticket: Ticket): Promise<void>;
  /** In no order. */
  entries(): Promise<Entry[]>;
  /** Name of the entry that LATEST points at. */
  latest(): Promise<string | undefined>;
  readManifest(entry: Entry): Promise<Buffer>;
  /** Size of each file that is there, by path. */
  sizes(entry: Entry, paths: readonly string[]): Promise<Map<string, number>>;
  /** The file front to back; a chunk is valid until the next one is asked for. */
  read(entry: Entry, path: string, sizeBytes: number): AsyncIterable<Uint8Array>;
  /** The entry is gone at once; its bytes follow. */
  remove(entry: Entry): Promise<void>;
}

const STEP_NAME = /^step-(\d{8,})$/;

/** `step-00001000` */
export function stepName(globalStep: number): string {
  return `step-${String(globalStep).padStart(8, '0')}`;
}

/** The step of such a name, or undefined for any other. */
export function stepOf(name: string): number | undefined {
  const digits = STEP_NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
