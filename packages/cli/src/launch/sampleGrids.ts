import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore } from '@ddpm-fleet/checkpoint';
import { checkpointLocation, runPaths, type RunConfig } from '@ddpm-fleet/config';
import { lastWords } from '@ddpm-fleet/launcher';

const BIN = fileURLToPath(new URL('../../../bin/ddpm-fleet.js', import.meta.url));
const POLL_MS = 2000;
const TAIL = 2000;

/**
 * Draws a grid at multiples of `samples.everySteps`, for each of which the coordinator writes a checkpoint, in a process
 * beside the run, one at a time; a checkpoint that is overtaken while one is drawn is left out.
 */
export class SampleGrids {
  readonly #dir: string;
  readonly #config: RunConfig;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #say: (text: string) => void;
  readonly #failed = new Set<string>();
  #said: string | undefined;
  #child: ChildProcess | undefined;
  #done: Promise<void> = Promise.resolve();

  /** @param say told of grids that cannot be drawn, once for each reason */
  constructor(dir: string, config: RunConfig, say: (text: string) => void) {
    this.#say = say;
    this.#dir = dir;
    this.#config = config;
    if (config.samples.everySteps > 0) this.#timer = setInterval(() => void this.#poll(), POLL_MS);
  }

  /** Draws what is due at the end of a run. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#done;
    if (this.#timer) await this.#poll();
    await this.#done;
  }

  async #poll(): Promise<void> {
    if (this.#child) return;
    const { everySteps } = this.#config.samples;
    const store = checkpointLocation(this.#config, this.#dir);
    const infos = await openStore(store)
      .list()
      .catch(() => []);
    const due = infos.find(
      (info) => info.manifest && info.globalStep > 0 && info.globalStep % everySteps === 0,
    );
    if (!due || this.#child) return;
    const out = join(runPaths(this.#dir).samples, `${due.name}.png`);
    if (!existsSync(out) && !this.#failed.has(due.name)) this.#draw(store, due.name, out);
  }

  #draw(store: string, name: string, out: string): void {
    const { samples, diffusion } = this.#config;
    const { count, sampler } = samples;
    const sampleSteps = Math.min(samples.sampleSteps, diffusion.numTimesteps);
    const how = ['--count', count, '--sampler', sampler, '--sample-steps', sampleSteps];
    // The run has the cores.
    const args = [...how, '--workers', 1, '--threads', 1];
    const command = [BIN, 'sample', `${store}/${name}`, ...args.map(String), '--out', out];
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    let tail = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (tail = (tail + text).slice(-TAIL)));
    this.#done = new Promise((resolve) => {
      const end = (problem?: string): void => {
        this.#child = undefined;
        if (problem !== undefined) this.#fail(name, problem);
        resolve();
      };
      child.once('error', ({ message }) => end(message));
      child.once('close', (code, signal) =>
        end(code === 0 ? undefined : (lastWords(tail) ?? `exit ${code ?? signal}`)),
      );
    });
  }

  /** It is not tried again: the next grid may come out. */
  #fail(name: string, problem: string): void {
    this.#failed.add(name);
    if (problem !== this.#said) this.#say(`no grid of ${name}: ${problem}`);
    this.#said = problem;
  }
}
