import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CLI } from '../launch/installation.js';
import { fileURLToPath } from 'node:url';

const PEERS = fileURLToPath(new URL('../../../../../test/bench/peers/', import.meta.url));

/** A process that answers each line it is sent with one line of JSON; only one such process works at a time. */
class AnsweringProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(program: string, args: readonly string[], env: Record<string, string>) {
    this.#child = spawn(program, args, { env: { ...process.env, ...env } });
    this.#child.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async answer<T>(line?: string): Promise<T> {
    if (line !== undefined) this.#child.stdin.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the measuring process ended');
    return JSON.parse(value as string) as T;
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
  constructor(python: string, [script, ...args]: readonly string[], env: Record<string, string>) {
    super(python, [`${PEERS}${script}`, ...args], env);
  }
}
