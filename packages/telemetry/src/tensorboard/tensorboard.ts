import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { configYaml, runPaths, type RunConfig, type RunRecord } from '@ddpm-fleet/config';
import type { EventOf, RunEvent } from '../events.js';
import { RunFollower } from '../runFollower.js';
import { cutTo, EventFile } from './eventFile.js';
import { fileVersion, hparams, image, sessionStart, summary, text, type Value } from './eventProto.js';
import { newPictures } from './pictures.js';
import { readPosition, writePosition, NOTHING, type Position } from './position.js';
import { Scalars } from './scalars.js';

export interface TensorBoardOptions {
  readonly runDir: string;
  readonly config: RunConfig;
  readonly record: RunRecord;
  readonly now: () => Date;
}

/** Enough to write at once; what the disk does not take waits in the run's own files. */
const WAITING_BYTES = 4 << 20;

/**
 * The event files of a run, which TensorBoard shows. Each life of a coordinator writes a file of its own, from where the
 * last one noted that it was. Where the run went back, a session start says so: it voids the points of that step and
 * later ones, which then come again.
 */
export class TensorBoard {
  readonly #options: TensorBoardOptions;
  readonly #directory: string;
  readonly #positionPath: string;
  readonly #file: EventFile;
  readonly #fileName: string;
  readonly #scalars: Scalars;
  readonly #follower: RunFollower;
  readonly #pictures: Set<string>;
  #heldOut: EventOf<'heldOut'> | undefined;

  constructor(options: TensorBoardOptions) {
    const { runDir, config, record } = options;
    this.#options = options;
    this.#directory = runPaths(runDir).tensorboard;
    mkdirSync(this.#directory, { recursive: true });
    this.#positionPath = join(this.#directory, 'position.json');
    const position = this.#lastPosition();
    this.#fileName = `events.out.tfevents.${fileNumber(this.#directory, options.now())}.${config.name}`;
    this.#file = new EventFile(join(this.#directory, this.#fileName));
    this.#scalars = new Scalars(config, record);
    this.#follower = new RunFollower(runDir, position);
    this.#pictures = new Set(position.pictures);
    this.#file.add(fileVersion(this.#seconds()));
    if (position === NOTHING) this.#begin();
  }

  /** Writes what is new. Returns whether there may be more at once. @throws Error while the disk takes nothing */
  poll(): boolean {
    const events = this.#file.waitingBytes < WAITING_BYTES ? this.#follower.read() : [];
    for (const event of events) this.#take(event);
    const before = this.#file.bytes;
    this.#addPictures();
    this.#file.flush();
    if (events.length > 0 || this.#file.bytes > before) this.#notePosition();
    return events.length > 0;
  }

  close(): void {
    this.#follower.close();
    this.#file.close();
  }

  #take(event: RunEvent): void {
    if (event.kind === 'rewind') this.#goBack(event);
    if (event.kind === 'heldOut') this.#heldOut = event;
    const shown = this.#scalars.of(event);
    if (shown && shown.values.length > 0)
      this.#add(Date.parse(event.at) / 1000, shown.globalStep, shown.values);
  }

  #goBack({ at, globalStep }: EventOf<'rewind'>): void {
    this.#file.add(sessionStart(Date.parse(at) / 1000, globalStep));
    for (const name of this.#pictures) if (stepOf(name) >= globalStep) this.#pictures.delete(name);
    // It is of the state that the run goes on from.
    if (this.#heldOut?.globalStep === globalStep) this.#take(this.#heldOut);
  }

  #addPictures(): void {
    for (const { name, globalStep, png } of newPictures(
      runPaths(this.#options.runDir).samples,
      this.#pictures,
    )) {
      this.#pictures.add(name);
      this.#add(this.#seconds(), globalStep, [image('samples', png)]);
    }
  }

  /** The settings, and the first session start: readers heed only later ones. */
  #begin(): void {
    const { config, record } = this.#options;
    const yaml = `\`\`\`yaml\n${configYaml(config)}\`\`\`\n`;
    this.#file.add(sessionStart(this.#seconds(), 0));
    this.#add(this.#seconds(), 0, [text('config', yaml), hparams(settings(config), record.runId)]);
  }

  #add(at: number, globalStep: number, values: readonly Value[]): void {
    this.#file.add(summary(at, globalStep, values));
  }

  #notePosition(): void {
    const { bytes } = this.#file;
    const pictures = [...this.#pictures];
    writePosition(this.#positionPath, {
      ...this.#follower.position,
      file: this.#fileName,
      bytes,
      pictures,
    });
  }

  /** Where the event files do not stand as noted, they are written anew. */
  #lastPosition(): Position {
    const position = readPosition(this.#positionPath);
    const path = join(this.#directory, position.file);
    if (position !== NOTHING && existsSync(path)) {
      cutTo(path, position.bytes);
      return position;
    }
    for (const name of eventFiles(this.#directory)) rmSync(join(this.#directory, name));
    return NOTHING;
  }

  #seconds(): number {
    return this.#options.now().getTime() / 1000;
  }
}

function eventFiles(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith('events.out.tfevents.'));
}

/** Readers go by the order of names: seconds since 1970, and later than every file there. */
function fileNumber(directory: string, now: Date): string {
  const newest = Math.max(0, ...eventFiles(directory).map((name) => Number(name.split('.')[3])));
  return String(Math.max(Math.floor(now.getTime() / 1000), newest + 1)).padStart(10, '0');
}

function stepOf(picture: string): number {
  return Number(/\d+/.exec(picture)![0]);
}

/** Path of a setting -> its value, lists as text. */
function settings(config: RunConfig): Record<string, number | string | boolean> {
  const flat = (value: unknown, path: string): [string, number | string | boolean][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, one]) => flat(one, path === '' ? key : `${path}.${key}`))
      : [[path, Array.isArray(value) ? JSON.stringify(value) : (value as number | string | boolean)]];
  return Object.fromEntries(flat(config, ''));
}
