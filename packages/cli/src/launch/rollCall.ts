import { runPaths } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';
import { ExitCode, type Launch, type LaunchEvent, type LaunchPlan } from '@ddpm-fleet/launcher';
import { readLive } from './live.js';

const LOOK_MS = 500;
/** A rendezvous that takes longer is worth words: engines open in a few seconds. */
const SAY_EVERY_MS = 5000;

/** Watches the workers of a plan come together, says who is missing, and gives up when it was told to. */
export class RollCall {
  failure: Error | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #missing: Map<string, string>;
  readonly #dir: string;
  readonly #begun = performance.now();
  readonly #limitMs: number;
  readonly #say: (text: string) => void;
  readonly #launch: Launch;
  #saidAt = performance.now();

  constructor(
    plan: LaunchPlan,
    dir: string,
    limitSeconds: number,
    say: (text: string) => void,
    running: Launch,
  ) {
    this.#missing = new Map(plan.workers.map(({ id, host }) => [id, host]));
    this.#dir = dir;
    this.#limitMs = limitSeconds > 0 ? limitSeconds * 1000 : Infinity;
    this.#say = say;
    this.#launch = running;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Who was refused will not come: it has been said why, and is not said again. */
  onLaunchEvent(event: LaunchEvent): void {
    if (event.type !== 'exited' || event.exit.code !== ExitCode.badInput) return;
    if (this.#limitMs === Infinity) this.#missing.delete(event.id);
    else if (this.#missing.has(event.id))
      this.#missing.set(event.id, `${this.#missing.get(event.id)}, refused`);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const live = readLive(this.#dir);
    for (const { id } of live?.workers ?? []) this.#missing.delete(id);
    if (live && this.#missing.size === 0) return this.close();
    const now = performance.now();
    if (now - this.#begun > this.#limitMs) return this.#giveUp();
    if (now - this.#saidAt < SAY_EVERY_MS) return;
    this.#saidAt = now;
    const seconds = Math.round((now - this.#begun) / 1000);
    this.#say(`after ${seconds} s: ${live ? `waiting for ${this.#who()}` : 'the coordinator is not up yet'}`);
  }

  #giveUp(): void {
    this.close();
    this.failure = fleetError('DDPM_ERR_RENDEZVOUS', {
      seconds: Math.round(this.#limitMs / 1000),
      missing: this.#missing.size > 0 ? this.#who() : 'the coordinator',
      logs: runPaths(this.#dir).logs,
    });
    this.#launch.stop('the rendezvous took too long');
  }

  #who(): string {
    return [...this.#missing].map(([id, host]) => `${id} (${host})`).join(', ');
  }
}
