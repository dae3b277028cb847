import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { LauncherDriver, ProcessExit, RunningProcess } from '../driver.js';
import type { ProcessSpec } from '../launchPlan.js';
import { BEAT_MS, parseReport, type AgentCommand, type StartRequest } from '../remote/messages.js';
import { openLog, startError, tailOf } from './logFile.js';

/** A command of this host that runs an agent on another and lends it its stdin, stdout and stderr. */
export interface Reach {
  readonly command: string;
  readonly args: readonly string[];
}

export interface RemoteDriverOptions {
  readonly name: string;
  readonly graceMs: number;
  reach(spec: ProcessSpec): Reach;
  /** What the command's last words mean, where they are its own and not the agent's. */
  explain?(host: string, words: string): string;
}

/** After SIGKILL was passed on, until the command itself is killed: the host may not answer any more. */
const CLOSE_MS = 3000;

/**
 * Processes on other hosts, each behind an agent at the end of a command such as ssh or srun. Their output is appended
 * to the log files here, each line with the name of its host.
 */
export function remoteDriver(options: RemoteDriverOptions): LauncherDriver {
  const running = new Set<RemoteProcess>();
  const killAll = () => {
    for (const process of running) process.cut();
  };
  process.once('exit', killAll);
  return {
    name: options.name,
    async start(spec) {
      const process = new RemoteProcess(spec, options);
      running.add(process);
      void process.exited.then(() => running.delete(process));
      return process.start();
    },
    async close() {
      process.off('exit', killAll);
      await Promise.all([...running].map((process) => process.end()));
    },
  };
}

class RemoteProcess implements RunningProcess {
  readonly spec: ProcessSpec;
  readonly exited: Promise<ProcessExit>;
  pid = 0;
  readonly #options: RemoteDriverOptions;
  readonly #log: number;
  readonly #logStart: number;
  readonly #command: ChildProcess;
  readonly #beat: NodeJS.Timeout;
  #reported: { code: number | null; signal: string | null } | undefined;
  #words = '';
  #onStarted: (outcome: 'started' | 'ended') => void = () => undefined;

  constructor(spec: ProcessSpec, options: RemoteDriverOptions) {
    this.spec = spec;
    this.#options = options;
    this.#log = openLog(spec);
    this.#logStart = fstatSync(this.#log).size;
    const { command, args } = options.reach(spec);
    // In a session of its own: Ctrl-C is the launcher's affair.
    this.#command = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#command.stdin!.on('error', () => undefined);
    this.#beat = setInterval(() => this.#tell({ type: 'beat' }), BEAT_MS);
    this.exited = this.#listen();
  }

  /** @throws DDPM_ERR_LAUNCH_START when the host cannot be reached or the process cannot be started there */
  async start(): Promise<RunningProcess> {
    const started = new Promise<'started' | 'ended'>((resolve) => (this.#onStarted = resolve));
    this.#command.stdin!.write(`${JSON.stringify(this.#request())}\n`);
    if ((await started) === 'ended') {
      const { tail } = await this.exited;
      throw startError(this.spec, new Error(tail.trim() || 'the host said nothing'));
    }
    return this;
  }

  async signal(signal: 'SIGTERM' | 'SIGKILL' | 'SIGUSR1'): Promise<void> {
    this.#tell({ type: 'signal', signal });
  }

  /** Kills, and waits for the host to say so; one that says nothing sees the connection end. */
  async end(): Promise<void> {
    this.#tell({ type: 'signal', signal: 'SIGKILL' });
    const timer = setTimeout(() => this.cut(), CLOSE_MS);
    await this.exited;
    clearTimeout(timer);
  }

  cut(): void {
    this.#command.kill('SIGKILL');
  }

  #request(): StartRequest {
    const { role, args, env, keyFile } = this.spec;
    const keys: Record<string, string> =
      keyFile === undefined ? {} : { DDPM_FLEET_KEYS: readFileSync(keyFile, 'utf8') };
    return { role, args, env: { ...env, ...keys }, graceMs: this.#options.graceMs };
  }

  #tell(command: AgentCommand): void {
    if (this.#command.stdin!.writable) this.#command.stdin!.write(`${JSON.stringify(command)}\n`);
  }

  #listen(): Promise<ProcessExit> {
    const { stdout, stderr } = this.#command;
    createInterface({ input: stdout! }).on('line', (line) => this.#write(line));
    createInterface({ input: stderr! }).on('line', (line) => this.#hear(line));
    return new Promise((resolve) => {
      this.#command.once('error', (error) => (this.#words += `${error.message}\n`));
      this.#command.once('close', () => resolve(this.#ended()));
    });
  }

  #hear(line: string): void {
    const report = parseReport(line);
    if (!report) {
      this.#words = `${this.#words}${line}\n`.slice(-4096);
      return;
    }
    if (report.type === 'started') {
      this.pid = report.pid;
      this.#onStarted('started');
    } else if (report.type === 'exited') this.#reported = report;
    else this.#words += `${report.reason}\n`;
  }

  #ended(): ProcessExit {
    clearInterval(this.#beat);
    // The agent would have said how the process ended: it was the way there that broke.
    if (!this.#reported) this.#write(this.#explained());
    const tail = tailOf(this.spec.logFile, this.#logStart);
    closeSync(this.#log);
    const exit = this.#reported ?? { code: null, signal: null };
    queueMicrotask(() => this.#onStarted('ended'));
    return { code: exit.code, signal: exit.signal, tail };
  }

  #explained(): string {
    const { host } = this.spec;
    const words = this.#words.trim();
    return this.#options.explain?.(host, words) ?? `the connection to ${host} ended: ${words}`;
  }

  #write(line: string): void {
    try {
      writeSync(this.#log, `${withHost(line, this.spec.host)}\n`);
    } catch {
      // A full disk loses lines, not the run.
    }
  }
}

/** A line of NDJSON stays one. */
export function withHost(line: string, host: string): string {
  if (line.startsWith('{"')) return `{"host":${JSON.stringify(host)},${line.slice(1)}`;
  return line.startsWith('error: ') ? `${line} (${host})` : `[${host}] ${line}`;
}
