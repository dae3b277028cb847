import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore } from '@ddpm-fleet/checkpoint';
import { checkpointLocation, runPaths, type RunConfig } from '@ddpm-fleet/config';

const BIN = fileURLToPath(new URL('../../../bin/ddpm-fleet.js', import.meta.url));
const POLL_MS = 2000;

/**
 * Draws a grid for checkpoints whose step is a multiple of `samples.everySteps`, in a process beside the run, one at a
 * time; a checkpoint that is overtaken while one is drawn is left out.
 */
export class SampleGrids {
  readonly #dir: string;
  readonly #config: RunConfig;
  readonly #timer: NodeJS.Timeout | undefined;
  #child: ChildProcess | undefined;
  #done: Promise<void> = Promise.resolve();

  constructor(dir: string, config: RunConfig) {
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
    if (!existsSync(out)) this.#draw(`${store}/${due.name}`, out);
  }

  #draw(checkpoint: string, out: string): void {
    const { count, sampler, sampleSteps } = this.#config.samples;
    const how = ['--count', count, '--sampler', sampler, '--sample-steps', sampleSteps];
    // The run has the cores.
    const args = [...how, '--workers', 1, '--threads', 1];
    const child = spawn(process.execPath, [BIN, 'sample', checkpoint, ...args.map(String), '--out', out], {
      stdio: 'ignore',
    });
    this.#child = child;
    this.#done = new Promise((resolve) => {
      const end = (): void => {
        this.#child = undefined;
        resolve();
      };
      child.once('close', end).once('error', end);
    });
  }
}
