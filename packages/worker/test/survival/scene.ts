import type { ExecutionContext } from 'ava';
import {
  localDriver,
  type LaunchPlan,
  type LauncherDriver,
  type ProcessSpec,
  type RunningProcess,
} from '@ddpm-fleet/launcher';
import { digestOf, journal, live, makeRun, planOf, train, until, writeRun } from '../integration/fleet.js';
import { TcpProxy } from './tcpProxy.js';

export const STEPS = 120;

/** 8 slots, so that 8 workers have work; an epoch is 63.75 steps, so that one step straddles two. */
export const SET: readonly string[] = [
  `train.steps=${STEPS}`,
  'batch.numSlots=8',
  'checkpoint.everySteps=20',
  'checkpoint.everySeconds=0',
  'log.heldOutEvery=50',
  'fleet.fingerprintEvery=10',
];

let undisturbed: Promise<string> | undefined;

/** The digest of the run that nothing happens to. */
export function expected(t: ExecutionContext): Promise<string> {
  undisturbed ??= (async () => {
    const dir = await makeRun(t, SET);
    await train(t, dir, 1);
    return digestOf(dir);
  })();
  return undisturbed;
}

/** A run whose processes are started one by one, and never again by themselves. */
export class Scene {
  readonly dir: string;
  readonly #driver: LauncherDriver;
  readonly #plan: LaunchPlan;
  readonly #processes = new Map<string, RunningProcess>();
  readonly #t: ExecutionContext;

  private constructor(t: ExecutionContext, dir: string) {
    this.#t = t;
    this.dir = dir;
    this.#plan = planOf(dir, 8);
    this.#driver = localDriver({ graceMs: 5000 });
    t.teardown(() => this.#driver.close());
  }

  static async open(t: ExecutionContext, set: readonly string[] = []): Promise<Scene> {
    return new Scene(t, await makeRun(t, [...SET, ...set]));
  }

  /** Writes the config anew, as `launch --resume --set` does. */
  async configure(set: readonly string[]): Promise<void> {
    await writeRun(this.dir, [...SET, ...set]);
  }

  coordinator(): Promise<RunningProcess> {
    return this.#start(this.#plan.coordinator);
  }

  worker(
    k: number,
    flags: readonly string[] = [],
    env: Record<string, string> = {},
  ): Promise<RunningProcess> {
    const spec = this.#plan.workers[k]!;
    const args = flags.length > 0 ? [spec.args[0]!, ...flags] : spec.args;
    return this.#start({ ...spec, args, env: { ...spec.env, ...env } });
  }

  /** A worker that reaches its coordinator through proxies alone. */
  async workerBehindProxies(
    k: number,
  ): Promise<{ process: RunningProcess; control: TcpProxy; data: TcpProxy }> {
    const { control, data } = await until(
      () => live(this.dir) as unknown as { control: string; data: string } | undefined,
    );
    const proxies = [control, data].map((address) => new TcpProxy(Number(address.split(':').at(-1))));
    this.#t.teardown(() => Promise.all(proxies.map((proxy) => proxy.close())));
    const [c, d] = await Promise.all(proxies.map((proxy) => proxy.listen()));
    const process = await this.worker(k, [
      '--join',
      `tcp://127.0.0.1:${c}`,
      '--data',
      `tcp://127.0.0.1:${d}`,
    ]);
    return { process, control: proxies[0]!, data: proxies[1]! };
  }

  async reach(globalStep: number): Promise<void> {
    await until(() => (live(this.dir)?.globalStep ?? 0) >= globalStep, 180_000);
  }

  async active(count: number): Promise<void> {
    await until(() => this.activeIds().length === count, 180_000);
  }

  activeIds(): string[] {
    return (live(this.dir)?.workers ?? []).filter(({ state }) => state === 'active').map(({ id }) => id);
  }

  signal(id: string, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGUSR1'): number {
    process.kill(this.#processes.get(id)!.pid, signal);
    return Date.now();
  }

  /** `kill -9` of everything that runs. */
  async killAll(): Promise<number> {
    let killed = 0;
    for (const { pid, exited } of this.#processes.values()) {
      try {
        process.kill(pid, 'SIGKILL');
        killed++;
      } catch {
        continue;
      }
      await exited;
    }
    return killed;
  }

  /** The coordinator has ended with 0, and the state is that of the undisturbed run. */
  async endsWell(): Promise<void> {
    const end = await this.#processes.get('coordinator')!.exited;
    this.#t.is(end.code, 0, end.tail);
    this.#t.is(await digestOf(this.dir), await expected(this.#t));
  }

  journal(): Line[] {
    return journal(this.dir) as unknown as Line[];
  }

  /** Milliseconds from `at` until the journal says that the worker left. */
  noticedAfter(worker: string, at: number): number {
    const line = this.journal().find(
      (one) => one.kind === 'left' && one.worker === worker && Date.parse(one.at) >= at,
    );
    this.#t.truthy(line, `the journal never says that ${worker} left`);
    return Date.parse(line!.at) - at;
  }

  async #start(spec: ProcessSpec): Promise<RunningProcess> {
    const started = await this.#driver.start(spec);
    this.#processes.set(spec.id, started);
    return started;
  }
}

export interface Line {
  readonly kind: string;
  readonly at: string;
  readonly ms: number;
  readonly globalStep: number;
  readonly worker?: string;
  readonly reason?: string;
  readonly skipped?: string;
  readonly differing?: readonly string[];
  readonly slots?: readonly (readonly [number, number, string])[];
  readonly also?: readonly (readonly [number, number, string])[];
}
