import type { MessageOf } from '@ddpm-fleet/protocol';
import { isIdle, type Greeting, type Replica, type WorkerState } from './state.js';
import { cancelNodes, send, type Turn } from './turn.js';

/** Somebody new may be listening: says who this is and what it holds, as soon as the device is idle. */
export function greet(turn: Turn, replica: Replica, forget = false): void {
  const { phase } = turn.state;
  const wasToForget = phase.name === 'greeting' && phase.forget;
  cancelNodes(turn, replica);
  const arrivals = new Map();
  turn.state.phase = { name: 'greeting', replica, isSaid: false, forget: forget || wasToForget, arrivals };
}

/** WELCOME may be the very next thing that is read, so nothing may be left to do when HELLO is said. */
export function sayHello(turn: Turn, phase: Greeting): void {
  const { replica } = phase;
  if (phase.isSaid || !isIdle(replica)) return;
  if (phase.forget) replica.held = null;
  phase.forget = false;
  phase.isSaid = true;
  turn.effects.push({ type: 'attach' });
  send(turn, introduction(turn.state, replica));
}

function introduction({ identity }: WorkerState, { facts, held }: Replica): MessageOf<'HELLO'> {
  const { layout, ...rest } = facts;
  return {
    type: 'HELLO',
    ...identity,
    ...rest,
    layout: layout.entries.map(({ name, shape }) => ({ name, shape: [...shape] })),
    layoutHash: layout.hash,
    held: held && { globalStep: held.globalStep, lineHash: held.log.head },
  };
}
