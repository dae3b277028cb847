import type { Effect, Event, StepEntry } from '@ddpm-fleet/coordinator/parts';

/** What the machine did about an event, in words a person follows: one line an effect, nothing for routine. */
export function narrate(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => lineOf(effect) ?? []);
}

/** Events that are worth a line of their own. */
export function narrateEvent(event: Event): string | undefined {
  if (event.type === 'unreachable') return `${name(event.peer)} is unreachable`;
  if (event.type === 'saveFailed') return `saving step ${event.globalStep} failed: ${event.reason}`;
  return undefined;
}

function lineOf(effect: Effect): string | undefined {
  switch (effect.type) {
    case 'send':
      return sent(effect);
    case 'commit':
      return `commit ${stepLine(effect.entry)}`;
    case 'journal':
      return journaled(effect);
    case 'log':
      return effect.level === 'debug' ? undefined : `${effect.level}: ${effect.text}`;
    case 'adopt':
      return `adopt ${effect.lines.length} lines`;
    case 'streamCheckpoint':
      return `-> ${name(effect.to)} the checkpoint of step ${effect.globalStep}`;
    case 'openShares':
      return `-> ${effect.writers.map(name).join(', ')} CHECKPOINT_REQUEST at ${effect.globalStep}`;
    case 'publishShares':
      return `the shares of step ${effect.globalStep} are there`;
    case 'finished':
      return `finished at step ${effect.outcome.globalStep}: ${effect.outcome.completed ? 'completed' : 'not completed'}`;
    default:
      return undefined;
  }
}

function sent({ to, message }: Extract<Effect, { type: 'send' }>): string | undefined {
  const whom = `-> ${to.map(name).join(', ')} ${message.type}`;
  switch (message.type) {
    case 'HEARTBEAT':
    case 'STATE':
      return undefined;
    case 'WELCOME':
      return `${whom} ${message.state.from} at ${message.state.globalStep}`;
    case 'STEP_BEGIN':
    case 'STEP_ABORT':
      return `${whom} ${message.globalStep} ${message.runs.map(({ start, end }) => `[${start}, ${end})`).join(' ')}`.trimEnd();
    case 'STATE_REQUEST':
    case 'EVALUATE':
      return `${whom} at ${message.globalStep}`;
    case 'HELLO_AGAIN':
      return message.forget ? `${whom} and forget` : whom;
    case 'REJECT':
    case 'SHUTDOWN':
      return `${whom} (${message.reason})`;
    default:
      return whom;
  }
}

function stepLine({ globalStep, slots, also, skipped }: StepEntry): string {
  const runs = (list: StepEntry['slots']) =>
    list.map(([start, end, worker]) => `${worker} [${start}, ${end})`).join(' ');
  const helped = also ? `, also ${runs(also)}` : '';
  return `${globalStep}: ${runs(slots)}${helped}${skipped === undefined ? '' : `, skipped: ${skipped}`}`;
}

function journaled({ entry }: Extract<Effect, { type: 'journal' }>): string {
  const { kind, ...rest } = entry;
  const facts = Object.entries(rest)
    .filter(([key]) => !['host', 'pid', 'digest', 'weights', 'value', 'deviceKind'].includes(key))
    .map(([key, value]) => `${key} ${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}`);
  return `journal ${kind}: ${facts.join(', ')}`;
}

/** The worker's name in its peer id. */
function name(peer: string): string {
  return peer.replace(/\.[0-9a-f]{8}$/, '');
}
