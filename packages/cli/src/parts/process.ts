import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ERRORS, FleetError, fleetError, type ErrorCode } from '@ddpm-fleet/core';
import type { PartMessage, StoredArray } from './request.js';

const BIN = fileURLToPath(new URL('../../../bin/ddpm-fleet.js', import.meta.url));
const TAIL = 2000;

/** A process that computes one part after another. */
export class PartProcess {
  readonly #child: ChildProcess;
  readonly #messages: AsyncIterator<string>;
  #stderr = '';

  readonly #onNotice: (text: string) => void;

  /** @param onNotice told what the user should know; of several equal processes one is enough */
  constructor(requestFile: string, env: Record<string, string>, onNotice: (text: string) => void) {
    this.#onNotice = onNotice;
    this.#child = spawn(process.execPath, [BIN, 'part-worker', requestFile], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // TensorFlow's chatter: of interest only where the process dies of it.
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-TAIL);
    });
    // What it was told last is lost when it dies; its messages end then, and that is reported.
    this.#child.stdin!.on('error', () => {});
    this.#messages = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** @throws what the process reported, DDPM_ERR_PART when it died */
  async compute(part: number, onSteps: (steps: number) => void): Promise<Record<string, StoredArray>> {
    this.#child.stdin!.write(`${part}\n`);
    for (;;) {
      const message = await this.#next();
      if ('arrays' in message) return message.arrays;
      if ('error' in message) throw asError(message.error);
      if ('notice' in message) this.#onNotice(message.notice);
      else onSteps(message.steps);
    }
  }

  async #next(): Promise<PartMessage> {
    const { value, done } = await this.#messages.next();
    if (!done) return JSON.parse(value as string) as PartMessage;
    const last = this.#stderr.trim().split('\n').at(-1);
    throw fleetError('DDPM_ERR_PART', { reason: last || `signal ${this.#child.signalCode ?? 'unknown'}` });
  }

  /** It has nothing to save: killed where it stands. */
  end(): void {
    this.#child.kill('SIGKILL');
  }
}

function asError({ code, message }: { code: string; message: string }): Error {
  return code in ERRORS ? new FleetError(code as ErrorCode, message) : new Error(message);
}
