import { narrate, narrateEvent } from './narration.js';
import { SMALL_RUN } from './model.js';
import type { Settings } from './settings.js';
import { Simulation, type TraceLine } from './simulation.js';

/** One command of a scenario and what came of it. */
export interface Block {
  /** Comments before the command, with their #. */
  readonly comment: readonly string[];
  readonly command: string;
  readonly output: readonly string[];
}

/** Blocks are separated by blank lines: comments, the command, `----`, what came of it. */
export function parseScenario(text: string): Block[] {
  return text
    .split(/\n\s*\n/)
    .map((chunk) => chunk.split('\n').filter((line) => line !== ''))
    .filter((lines) => lines.length > 0)
    .map((lines) => {
      const comment = lines.filter((line) => line.startsWith('#'));
      const [command = '', , ...output] = lines.filter((line) => !line.startsWith('#'));
      return { comment, command, output };
    });
}

export function formatScenario(blocks: readonly Block[]): string {
  const chunks = blocks.map(({ comment, command, output }) =>
    command === '' ? comment.join('\n') : [...comment, command, '----', ...output].join('\n'),
  );
  return `${chunks.join('\n\n')}\n`;
}

/** Runs the commands. Returns the blocks with what came of them now. */
export async function playScenario(blocks: readonly Block[]): Promise<Block[]> {
  const stage = new Stage();
  const played: Block[] = [];
  for (const block of blocks) {
    if (block.command === '') played.push(block);
    else played.push({ ...block, output: await stage.do(block.command) });
  }
  return played;
}

/** Longest that `finish` waits, in simulated time. */
const FINISH_MS = 600_000;

/** What a command can set: of the machine, the model or the timing. */
type FleetSettings = Partial<Settings> & {
  slotMs?: number;
  prepareMs?: number;
  saveMs?: number;
  exact?: boolean;
  badEvery?: number;
  numSlots?: number;
  reconnectMs?: number;
  noticeMs?: number;
};

class Stage {
  #simulation: Simulation | undefined;
  #lines: string[] = [];

  async do(command: string): Promise<string[]> {
    this.#lines = [];
    const [verb = '', ...words] = command.split(/\s+/);
    const names = words.filter((word) => !word.includes('='));
    const settings = Object.fromEntries(words.filter((word) => word.includes('=')).map(setting));
    await this.#obey(verb, names, settings);
    return this.#lines;
  }

  get #fleet(): Simulation {
    if (!this.#simulation) throw new Error('the first command is `fleet`');
    return this.#simulation;
  }

  async #obey(verb: string, names: string[], settings: FleetSettings): Promise<void> {
    switch (verb) {
      case 'fleet':
        return this.#build(settings);
      case 'start':
        return this.#fleet.startCoordinator();
      case 'join':
        for (const name of names) this.#fleet.join(name, settings);
        return;
      case 'advance':
        return this.#fleet.advance(Number(names[0]));
      case 'finish':
        await this.#fleet.runUntil(() => this.#fleet.finished, FINISH_MS);
        return this.#finish();
      case 'pace':
        this.#fleet.pace.set(names[0]!, Number(names[1]));
        return;
      case 'store':
        this.#fleet.disk.failing = names[0] === 'fails';
        return;
      case 'stop':
        return this.#fleet.coordinator!.stop(names.join(' '));
      default:
        return this.#injure(verb, names);
    }
  }

  #build({
    numSlots = SMALL_RUN.numSlots,
    badEvery = 0,
    exact = true,
    slotMs,
    prepareMs,
    saveMs,
    reconnectMs = 100,
    noticeMs = 10,
    ...settings
  }: FleetSettings): void {
    this.#simulation = new Simulation({
      seed: 1,
      model: { ...SMALL_RUN, numSlots, badEvery },
      settings: { fingerprintEvery: 0, heldOutEvery: 0, checkpointEverySteps: 0, ...settings },
      exact,
      faults: { reconnectMs, noticeMs: [1, noticeMs] },
      ...(slotMs !== undefined && { slotMs }),
      ...(prepareMs !== undefined && { prepareMs }),
      ...(saveMs !== undefined && { saveMs }),
      trace: (line) => this.#trace(line),
    });
  }

  #injure(verb: string, names: string[]): void {
    const fleet = this.#fleet;
    for (const name of names) {
      const worker = fleet.workers.get(name);
      if (verb === 'kill' && name === 'coordinator') fleet.killCoordinator();
      else if (verb === 'freeze' && name === 'coordinator') fleet.coordinator!.host.freeze();
      else if (verb === 'thaw' && name === 'coordinator') fleet.coordinator!.host.thaw();
      else if (verb === 'powerloss') fleet.killCoordinator(true);
      else if (verb === 'kill') fleet.kill(name);
      else if (verb === 'freeze') worker!.host.freeze();
      else if (verb === 'thaw') worker!.host.thaw();
      else if (verb === 'leave') worker!.leave();
      else if (verb === 'flip') this.#damage(() => worker!.flipBit());
      else if (verb === 'spoil') this.#damage(() => worker!.damageNextLoad());
      else if (verb === 'lose') fleet.breakData(name);
      else if (verb === 'cut') fleet.cut(name);
      else if (verb === 'mend') fleet.mend(name);
      else throw new Error(`there is no command ${verb}`);
    }
  }

  #damage(done: () => void): void {
    this.#fleet.invariants.corrupted = true;
    this.#fleet.exact = false;
    done();
  }

  #finish(): void {
    const { newest, outcome } = this.#fleet;
    if (!outcome) this.#lines.push('the run does not end');
    this.#lines.push(
      `the state at step ${newest.globalStep} is ${newest.isUndisturbed ? 'that of' : 'another than that of'} an undisturbed run`,
    );
  }

  #trace({ at, event, effects }: TraceLine): void {
    const lines = [narrateEvent(event) ?? [], narrate(effects)].flat();
    for (const line of lines) this.#lines.push(`${at.toFixed(0).padStart(6)}  ${line}`);
  }
}

function setting(word: string): [string, unknown] {
  const [key = '', text = ''] = word.split('=');
  if (text === 'true' || text === 'false') return [key, text === 'true'];
  return [key, /^\d{1,9}$/.test(text) ? Number(text) : text];
}
