import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import {
  ANIMATIONS,
  animationFile,
  encodeNpy,
  encodeNpz,
  gridPng,
  singleName,
  toBytes,
  writeSingles,
  type Pictures,
} from '@ddpm-fleet/inference';
import { print } from '../output.js';
import type { Drawn } from './draw.js';

export interface OutputFlags {
  readonly out: string;
  readonly npy?: string;
  readonly strip?: string;
  readonly animation?: string;
}

type Animation = (typeof ANIMATIONS)[number];

/** Rows of a strip: more are too small to be looked at. */
const STRIP_ROWS = 8;
const STRIP_COLUMNS = 10;
const FRAMES = 40;

/** Moments that the files asked for show. */
export function momentsOf({ strip, animation }: OutputFlags): { frames: number; predictions: number } {
  return { frames: animation ? FRAMES : 0, predictions: strip ? STRIP_COLUMNS : 0 };
}

/**
 * Refuses a file that could not be written, before anything is computed.
 * @param count images that will be written
 * @throws DDPM_ERR_SAMPLE_OUT, DDPM_ERR_SAMPLE_STALE
 */
export function assertOutputs({ out, strip, animation }: OutputFlags, count: number): void {
  const check = (file: string | undefined, extensions: readonly string[], what: string): void => {
    if (file === undefined || extensions.includes(extname(file))) return;
    throw fleetError('DDPM_ERR_SAMPLE_OUT', { file, what });
  };
  check(out, ['.png', '.npz', ''], 'a grid (.png), arrays (.npz) or a directory of single files');
  check(strip, ['.png'], 'a strip (.png)');
  if (extname(out) === '') assertNothingStale(out, count);
  check(animation, ANIMATIONS, `an animation (${ANIMATIONS.join(' or ')})`);
}

/** Whoever reads a directory of images reads all that it holds. */
function assertNothingStale(dir: string, count: number): void {
  if (!existsSync(dir)) return;
  const refuse = (problem: string): never => {
    throw fleetError('DDPM_ERR_SAMPLE_STALE', { dir, problem });
  };
  if (!statSync(dir).isDirectory()) refuse('a file of that name');
  const names = new Set(Array.from({ length: count }, (_, i) => singleName(i)));
  const stale = readdirSync(dir).filter((name) => !names.has(name));
  if (stale.length > 0) refuse(`${stale.length} other file(s), e.g. ${stale[0]}`);
}

export interface Layout {
  readonly size: number;
  readonly channels: number;
  readonly columns: number | undefined;
  readonly labels: readonly number[] | undefined;
}

/** Writes what the flags name, and says where. */
export async function writeImages(
  drawn: Drawn,
  layout: Layout,
  flags: OutputFlags,
  title: string,
): Promise<void> {
  const { size, channels, columns } = layout;
  const count = drawn.images.length / (size * size * channels);
  const pictures = (pixels: Uint8Array): Pictures => ({ pixels, count, size, channels });
  await writeMain(pictures(toBytes(drawn.images)), layout, flags.out);
  print(`${title}: ${flags.out}`);
  if (flags.npy) {
    await write(flags.npy, encodeNpy(drawn.images, [count, size, size, channels]));
    print(`float32 values: ${flags.npy}`);
  }
  if (flags.strip) {
    await write(flags.strip, await stripPng(drawn.predictions, pictures));
    print(`predicted images along the chain, noise to image: ${flags.strip}`);
  }
  if (flags.animation) {
    const kind = extname(flags.animation) as Animation;
    await write(flags.animation, await animationFile(drawn.frames.map(pictures), kind, columns));
    print(`the reverse process: ${flags.animation}`);
  }
}

async function writeMain(pictures: Pictures, { columns, labels }: Layout, out: string): Promise<void> {
  const { pixels, count, size, channels } = pictures;
  if (out.endsWith('.png')) return write(out, await gridPng(pictures, columns));
  if (!out.endsWith('.npz')) return void (await writeSingles(pictures, out));
  // arr_0 and arr_1 are what the evaluators of guided-diffusion and its kin read.
  const arrays = { arr_0: { values: pixels, shape: [count, size, size, channels] } };
  const classes = labels && { arr_1: { values: Int32Array.from(labels), shape: [count] } };
  await write(out, encodeNpz({ ...arrays, ...classes }));
}

/** A row for each of the first images, a column for each moment. */
async function stripPng(
  moments: readonly Uint8Array[],
  pictures: (pixels: Uint8Array) => Pictures,
): Promise<Buffer> {
  const { count, size, channels } = pictures(moments[0]!);
  const [rows, columns, bytes] = [Math.min(STRIP_ROWS, count), moments.length, size * size * channels];
  const pixels = new Uint8Array(rows * columns * bytes);
  for (let row = 0; row < rows; row++) {
    moments.forEach((moment, column) =>
      pixels.set(moment.subarray(row * bytes, (row + 1) * bytes), (row * columns + column) * bytes),
    );
  }
  return gridPng({ pixels, count: rows * columns, size, channels }, columns);
}

async function write(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
}
