import { spawn, type ChildProcess } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore, type CheckpointInfo } from '@ddpm-fleet/checkpoint';
import { checkpointLocation, runPaths, type RunConfig } from '@ddpm-fleet/config';
import { lastWords } from '@ddpm-fleet/launcher';
import { dueGrid, gridOf, overtakenGrids } from './dueGrid.js';

const BIN = fileURLToPath(new URL('../../../bin/ddpm-fleet.js', import.meta.url));
const POLL_MS = 2000;
const TAIL = 2000;

/**
 * Draws a grid for each multiple of `samples.everySteps`, of the checkpoint that the coordinator writes for it, in a
 * process beside the run, one at a time; those that are overtaken while one is drawn are left out, and said.
 */
export class SampleGrids {
  readonly #dir: string;
  readonly #config: RunConfig;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #say: (text: string) => void;
  readonly #failed = new Set<number>();
  /** Newest step when this began. */
  #from: number | undefined;
  #said: string | undefined;
  #child: ChildProcess | undefined;
  #done: Promise<void> = Promise.resolve();

  /** @param say told of grids that cannot be drawn, once for each reason */
  constructor(dir: string, config: RunConfig, say: (text: string) => void) {
    this.#say = say;
    this.#dir = dir;
    this.#config = config;
    if (config.samples.everySteps === 0) return;
    this.#timer = setInterval(() => void this.#poll(), POLL_MS);
    void this.#poll();
  }

  /** Draws what is due at the end of a run. */
  async close(): Promise<void> {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    await this.#done;
    await this.#poll();
    await this.#done;
    const infos = await this.#checkpoints();
    const done = await this.#drawn();
    const newest = infos[0]?.globalStep ?? 0;
    const left = overtakenGrids(this.#from ?? 0, newest, done, this.#config.samples.everySteps);
    if (left.length === 0) return;
    this.#say(
      `${left.length} grids were overtaken and not drawn, first that of step ${left[0]}: steps are faster than a grid is drawn`,
    );
  }

  async #poll(): Promise<void> {
    if (this.#child) return;
    const infos = await this.#checkpoints();
    this.#from ??= infos[0]?.globalStep ?? 0;
    const due = dueGrid(infos, await this.#drawn(), this.#config.samples.everySteps);
    if (due && !this.#child) this.#draw(due);
  }

  #checkpoints(): Promise<CheckpointInfo[]> {
    return openStore(checkpointLocation(this.#config, this.#dir))
      .list()
      .catch(() => []);
  }

  /** Multiples that have a picture, and those that cannot. */
  async #drawn(): Promise<Set<number>> {
    const names = await readdir(runPaths(this.#dir).samples).catch(() => []);
    const steps = names.flatMap((name) => /^step-(\d+)\.png$/.exec(name)?.slice(1).map(Number) ?? []);
    const grids = steps.map((step) => gridOf(step, this.#config.samples.everySteps));
    return new Set([...grids, ...this.#failed]);
  }

  #draw({ name, globalStep }: CheckpointInfo): void {
    const { samples, diffusion } = this.#config;
    const { count, sampler } = samples;
    const sampleSteps = Math.min(samples.sampleSteps, diffusion.numTimesteps);
    const how = ['--count', count, '--sampler', sampler, '--sample-steps', sampleSteps];
    // The run has the cores.
    const args = [...how, '--workers', 1, '--threads', 1];
    const checkpoint = `${checkpointLocation(this.#config, this.#dir)}/${name}`;
    const out = join(runPaths(this.#dir).samples, `${name}.png`);
    const command = [BIN, 'sample', checkpoint, ...args.map(String), '--out', out];
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    let tail = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (tail = (tail + text).slice(-TAIL)));
    this.#done = new Promise((resolve) => {
      const end = (problem?: string): void => {
        this.#child = undefined;
        if (problem !== undefined) this.#fail(name, globalStep, problem);
        resolve();
      };
      child.once('error', ({ message }) => end(message));
      child.once('close', (code, signal) =>
        end(code === 0 ? undefined : (lastWords(tail) ?? `exit ${code ?? signal}`)),
      );
    });
  }

  /** It is not tried again: the next grid may come out. */
  #fail(name: string, globalStep: number, problem: string): void {
    this.#failed.add(gridOf(globalStep, this.#config.samples.everySteps));
    if (problem !== this.#said) this.#say(`no grid of ${name}: ${problem}`);
    this.#said = problem;
  }
}
