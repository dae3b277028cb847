import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fleetError } from '@ddpm-fleet/core';
import { CLI } from '../launch/installation.js';
import { fileURLToPath } from 'node:url';

const PEERS = fileURLToPath(new URL('../../../../../test/bench/peers/', import.meta.url));

/** A process that answers each line it is sent with one line of JSON; only one such process works at a time. */
class AnsweringProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #failure = 'it ended before it answered';

  constructor(program: string, args: readonly string[], env: Record<string, string>) {
    this.#child = spawn(program, args, { env: { ...process.env, ...env } });
    this.#child.stderr.pipe(process.stderr);
    this.#child.once('error', ({ message }) => (this.#failure = message));
    // Whoever is gone reads no more: the answer that does not come tells it.
    this.#child.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async answer<T>(line?: string): Promise<T> {
    if (line !== undefined) this.#child.stdin.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw this.ended(this.#failure);
    return JSON.parse(value as string) as T;
  }

  protected ended(detail: string): Error {
    return new Error(`the measuring process: ${detail}`);
  }

  close(): void {
    this.#child.stdin.end('end\n');
    this.#child.kill();
  }
}

/** A command of ours that does. */
export class BenchChild extends AnsweringProcess {
  /** @param args of ddpm-fleet */
  constructor(args: readonly string[], env: Record<string, string>) {
    super(process.execPath, [CLI, ...args], env);
  }
}

/** A script of test/bench/peers that does. */
export class PeerChild extends AnsweringProcess {
  readonly #python: string;

  constructor(python: string, [script, ...args]: readonly string[], env: Record<string, string>) {
    super(python, [`${PEERS}${script}`, ...args], env);
    this.#python = python;
  }

  /** DDPM_ERR_BENCH_PYTORCH: that Python is not there, or has not what the script needs. */
  protected override ended(detail: string): Error {
    return fleetError('DDPM_ERR_BENCH_PYTORCH', { python: this.#python, detail });
  }
}
