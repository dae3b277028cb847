import { FrameKind, isFrame, ProtocolError, type DataFrame } from '@ddpm-fleet/protocol';
import { onAnswer, onNodeDone } from './answers.js';
import type { WorkerEffect } from './effects.js';
import type { WorkerEvent, WorkerEventOf } from './events.js';
import { onCheckpointRead, onStateFrame, takeIn } from './fetching.js';
import { greet, sayHello } from './greeting.js';
import { onConnected, onPrepared, onRefused, onRun } from './joining.js';
import { onMessage } from './messages.js';
import { replicaOf, type Phase, type WorkerState } from './state.js';
import { fail, leave, log, send, type Turn } from './turn.js';
import { isStuck, work } from './working.js';

/** Until the run's config says otherwise. */
const FIRST_HEARTBEAT_MS = 500;

/**
 * The whole of a worker's judgement: what an event changes, and what must be done about it. It reads no clock, no
 * random number and no file: the same events give the same effects. The state given is consumed: it is changed in
 * place and returned.
 */
export function step(
  state: WorkerState,
  event: WorkerEvent,
): { state: WorkerState; effects: WorkerEffect[] } {
  const turn: Turn = { state, effects: [] };
  state.now = Math.max(state.now, event.now);
  if (state.phase.name !== 'over') {
    handle(turn, event);
    advance(turn);
  }
  return { state, effects: turn.effects };
}

function handle(turn: Turn, event: WorkerEvent): void {
  switch (event.type) {
    case 'start':
      return wakeForHeartbeat(turn);
    case 'connected':
      return onConnected(turn);
    case 'refused':
      return onRefused(turn, event.reason);
    case 'run':
      return onRun(turn, event.run);
    case 'prepared':
      return onPrepared(turn, event);
    case 'message':
      return onMessage(turn, event.message);
    case 'checkpointRead':
      return onCheckpointRead(turn, event);
    case 'tick':
      return onTick(turn, event);
    case 'failed':
      return fail(turn, event.error);
    case 'leave':
      return leave(turn, event.reason);
    default:
      return onReplica(turn, event);
  }
}

/** What only a prepared worker can meet. */
function onReplica(
  turn: Turn,
  event: WorkerEventOf<
    'frame' | 'nodeDone' | 'loaded' | 'applied' | 'fingerprinted' | 'stateRead' | 'evaluated'
  >,
): void {
  const replica = replicaOf(turn.state);
  if (!replica) return;
  if (event.type === 'frame') {
    replica.heardAt = turn.state.now;
    onFrame(turn, event.frame);
  } else if (event.type === 'nodeDone') onNodeDone(turn, replica, event);
  else onAnswer(turn, replica, event);
}

/** Frames that do not fit this run are dropped, as bytes are that are no frames. */
function onFrame(turn: Turn, frame: DataFrame): void {
  const replica = replicaOf(turn.state)!;
  try {
    if (isFrame(frame, FrameKind.state)) onStateFrame(turn, frame);
    if (isFrame(frame, FrameKind.root)) replica.commits.addRoot(frame);
    if (isFrame(frame, FrameKind.rootImages)) replica.commits.addImages(frame);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    log(turn, 'warn', error.message, { fault: error.fault });
  }
}

function onTick(turn: Turn, { due, progress }: WorkerEventOf<'tick'>): void {
  const { generation, now, phase } = turn.state;
  if (due === 'snapshot') {
    if (phase.name === 'working') phase.isAlarmSet = false;
    return;
  }
  const globalStep = replicaOf(turn.state)?.held?.globalStep ?? 0;
  const slots = progress.globalStep === globalStep ? progress.slots : 0;
  send(turn, { type: 'HEARTBEAT', generation, globalStep, progress: slots });
  wakeForHeartbeat(turn);
  if (phase.name !== 'working' || !isStuck(phase, now)) return;
  log(turn, 'warn', 'the root of a committed step does not arrive; saying hello again');
  greet(turn, phase.replica);
}

function wakeForHeartbeat(turn: Turn): void {
  const { phase } = turn.state;
  const run = 'replica' in phase ? phase.replica.run : 'run' in phase ? phase.run : undefined;
  const afterMs = run?.config.fleet.heartbeatMs ?? FIRST_HEARTBEAT_MS;
  turn.effects.push({ type: 'wake', due: 'heartbeat', afterMs });
}

/** Does all that can be done now. Each phase may lead to the next. */
function advance(turn: Turn): void {
  const { state } = turn;
  if (isIn(state, 'fetching')) takeIn(turn, state.phase);
  if (isIn(state, 'greeting')) sayHello(turn, state.phase);
  if (isIn(state, 'working')) work(turn, state.phase);
}

/** A function, because handlers change the phase behind the compiler's back. */
function isIn<N extends Phase['name']>(
  state: WorkerState,
  name: N,
): state is WorkerState & { phase: Extract<Phase, { name: N }> } {
  return state.phase.name === name;
}
