import type { LauncherDriver, ProcessExit, RunningProcess } from './driver.js';
import { lastWords } from './lastWords.js';
import type { LaunchPlan, ProcessSpec } from './launchPlan.js';
import { beginSupervision, nextWake, supervise } from './supervise.js';
import type {
  Decision,
  LaunchOutcome,
  Supervision,
  SupervisionEvent,
  SupervisionPolicy,
} from './supervision.js';

export type LaunchEvent =
  | { readonly type: 'started'; readonly id: string; readonly pid: number }
  | { readonly type: 'exited'; readonly id: string; readonly exit: ProcessExit }
  | { readonly type: 'note'; readonly text: string };

export interface LaunchOptions {
  readonly policy: SupervisionPolicy;
  readonly onEvent?: (event: LaunchEvent) => void;
  /** Milliseconds; only differences count. */
  readonly now?: () => number;
}

/** A run that has been started. */
export interface Launch {
  /** Resolves when no process of the run is left; never rejects. */
  readonly ended: Promise<LaunchEnd>;
  /** Asks for a checkpoint and the end within the grace period; asked twice, kills. */
  stop(reason: string): void;
  /** Asks the coordinator for a checkpoint now; the run goes on. */
  checkpoint(): void;
}

export interface LaunchEnd extends LaunchOutcome {
  /** How often each process was started again. */
  readonly restarts: number;
  /** The last words of the process whose end decided the outcome, if there is one. */
  readonly tail?: string;
}

/** In the environment of a coordinator that is started only to save what workers hold: why the run ends. */
const STOP_VARIABLE = 'DDPM_FLEET_STOP';

/** Starts the processes of `plan` and keeps them alive until the coordinator ends the run. */
export function launch(plan: LaunchPlan, driver: LauncherDriver, options: LaunchOptions): Launch {
  return new Shell(plan, driver, options);
}

/** Carries out what `supervise` decides. */
class Shell implements Launch {
  readonly ended: Promise<LaunchEnd>;
  readonly #specs: Map<string, ProcessSpec>;
  readonly #running = new Map<string, RunningProcess>();
  readonly #driver: LauncherDriver;
  readonly #options: LaunchOptions;
  readonly #now: () => number;
  #state: Supervision;
  #timer: NodeJS.Timeout | undefined;
  #starts = 0;
  #lastFailure: string | undefined;
  #finish!: (end: LaunchEnd) => void;

  constructor(plan: LaunchPlan, driver: LauncherDriver, options: LaunchOptions) {
    const specs = [plan.coordinator, ...plan.workers];
    this.#specs = new Map(specs.map((spec) => [spec.id, spec]));
    this.#driver = driver;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#state = beginSupervision(specs, this.#now());
    this.ended = new Promise((resolve) => (this.#finish = resolve));
    this.#handle({ type: 'tick', now: this.#now() });
  }

  stop(reason: string): void {
    this.#handle({ type: 'stop', now: this.#now(), reason });
  }

  checkpoint(): void {
    void this.#running.get('coordinator')?.signal('SIGUSR1');
  }

  #handle(event: SupervisionEvent): void {
    const { state, decisions } = supervise(this.#state, event, this.#options.policy);
    this.#state = state;
    for (const decision of decisions) this.#carryOut(decision);
    this.#armTimer();
  }

  #carryOut(decision: Decision): void {
    switch (decision.type) {
      case 'start':
        return void this.#start(this.#specs.get(decision.id)!);
      case 'signal':
        return this.#signal(decision.id, decision.signal);
      case 'note':
        return this.#options.onEvent?.({ type: 'note', text: decision.text });
      case 'finish':
        return void this.#end(decision.outcome);
    }
  }

  #signal(id: string, signal: 'SIGTERM' | 'SIGKILL'): void {
    const running = this.#running.get(id);
    if (running) return void running.signal(signal);
    // It is still being started, somewhere that may never answer. Killing is the end of everything.
    if (signal === 'SIGKILL') void this.#driver.close();
  }

  async #start(spec: ProcessSpec): Promise<void> {
    this.#starts++;
    let exit: ProcessExit;
    try {
      const isToStop = this.#state.ending !== undefined;
      const child = await this.#driver.start(isToStop ? toStop(spec, this.#state.ending!.outcome) : spec);
      this.#running.set(spec.id, child);
      this.#options.onEvent?.({ type: 'started', id: spec.id, pid: child.pid });
      // The wish to stop may have come while it was being started.
      if (this.#state.ending && !isToStop) void child.signal('SIGTERM');
      exit = await child.exited;
    } catch (error) {
      exit = { code: null, signal: null, tail: (error as Error).message };
    }
    this.#running.delete(spec.id);
    // Those that are ended because of it come later, and have nothing to say.
    if (exit.code !== 0 && !this.#state.ending) this.#lastFailure = exit.tail;
    this.#options.onEvent?.({ type: 'exited', id: spec.id, exit });
    const words = exit.code === 0 ? undefined : lastWords(exit.tail);
    const said = words === undefined ? {} : { words };
    this.#handle({ type: 'exited', now: this.#now(), id: spec.id, code: exit.code, ...said });
  }

  #armTimer(): void {
    clearTimeout(this.#timer);
    const at = nextWake(this.#state);
    if (at === undefined || at === Infinity) return;
    const delay = Math.max(0, Math.ceil(at - this.#now()));
    this.#timer = setTimeout(() => this.#handle({ type: 'tick', now: this.#now() }), delay);
  }

  async #end(outcome: LaunchOutcome): Promise<void> {
    await this.#driver.close();
    clearTimeout(this.#timer);
    const restarts = this.#starts - this.#specs.size;
    const tail = outcome.kind === 'failed' ? this.#lastFailure : undefined;
    this.#finish({ ...outcome, restarts, ...(tail === undefined ? {} : { tail }) });
  }
}

/** A signal would meet a process that cannot listen yet. */
function toStop(spec: ProcessSpec, { reason }: LaunchOutcome): ProcessSpec {
  return { ...spec, env: { ...spec.env, [STOP_VARIABLE]: reason } };
}
