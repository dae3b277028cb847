import type { TraceLine } from './simulation.js';

const LONGEST = 300;

/** An event and what was done about it; nothing for heartbeats that change nothing. */
export function traceText({ at, event, effects }: TraceLine): string[] {
  const isBeat = event.type === 'message' && event.message.type === 'HEARTBEAT';
  if ((isBeat && effects.length === 0) || (event.type === 'tick' && effects.length < 2)) return [];
  const { now: _, ...rest } = event;
  return [`${at.toFixed(1)} ${textOf(rest)}`, ...effects.map((effect) => `     ${textOf(effect)}`)];
}

function textOf(value: unknown): string {
  const plain = (key: string, one: unknown): unknown => {
    if (typeof one === 'bigint') return String(one);
    return key === 'layout' ? '...' : one;
  };
  return JSON.stringify(value, plain).slice(0, LONGEST);
}
