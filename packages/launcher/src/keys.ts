import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newKeyPair, type KeyPair } from '@ddpm-fleet/transport';

/** Key files of a run, each JSON and readable by their owner alone. */
export interface KeyFiles {
  /** The coordinator's pair and the allow-list: who may join, who may only look. */
  readonly coordinator: string;
  /** For every worker, those that join later included. */
  readonly worker: string;
  /** For who may read the run's status and do nothing else. */
  readonly reader: string;
}

export function keyFilesIn(dir: string): KeyFiles {
  return {
    coordinator: join(dir, 'coordinator.json'),
    worker: join(dir, 'worker.json'),
    reader: join(dir, 'reader.json'),
  };
}

/**
 * Makes the keys of a run in `dir`, or leaves those that are there: workers of an earlier coordinator know them. Lost
 * in part, all are made anew.
 */
export function makeKeys(dir: string): KeyFiles {
  const files = keyFilesIn(dir);
  if (Object.values(files).every((file) => existsSync(file))) return files;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const [file, text] of Object.entries(newKeys(files))) writeSecret(file, text);
  return files;
}

/** File name (of `files`) -> what belongs into it. */
export function newKeys(files: KeyFiles): Record<string, string> {
  const [server, worker, reader] = [newKeyPair(), newKeyPair(), newKeyPair()];
  const allowed = { worker: worker.publicKey };
  const readers = { reader: reader.publicKey };
  const client = (keys: KeyPair) => ({ ...keys, serverKey: server.publicKey });
  return {
    [files.coordinator]: json({ ...server, allowed, readers }),
    [files.worker]: json(client(worker)),
    [files.reader]: json(client(reader)),
  };
}

/** With its mode from the first byte on: never readable by others, not for a moment. */
function writeSecret(file: string, text: string): void {
  rmSync(file, { force: true });
  writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
