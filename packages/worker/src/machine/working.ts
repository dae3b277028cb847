import { nodeKey } from '@ddpm-fleet/core';
import type { MessageOf } from '@ddpm-fleet/protocol';
import { Leases, type LeasedNode } from './leases.js';
import { Requests, type StateQuestion } from './requests.js';
import type { Held, Replica, Working } from './state.js';
import { nextTask } from './task.js';
import { call, cancelNodes, type Turn } from './turn.js';

/** How long a snapshot waits for slots that may be about to be leased, so that it does not delay them. */
const DEFER_MS = 50;

/** The state that WELCOME named is held. */
export function beginWork(turn: Turn, replica: Replica): void {
  turn.state.phase = {
    name: 'working',
    replica,
    leases: new Leases(replica.run.config.batch.numSlots),
    requests: new Requests(),
    isLevel: false,
    boundaryAt: turn.state.now,
    hasComputed: false,
    isAlarmSet: false,
  };
}

export function onLease(phase: Working, { generation, globalStep, runs }: MessageOf<'STEP_BEGIN'>): void {
  if (globalStep >= heldBy(phase).globalStep) phase.leases.add(generation, globalStep, runs);
}

export function onAbort(turn: Turn, replica: Replica, message: MessageOf<'STEP_ABORT'>): void {
  const { generation, globalStep, runs } = message;
  if (runs.length === 0) replica.commits.abandon(generation, globalStep);
  const { phase } = turn.state;
  if (phase.name !== 'working') return;
  phase.leases.abort(globalStep, runs);
  if (globalStep === replica.held?.globalStep) cancelNodes(turn, replica);
}

export function onCommit(turn: Turn, replica: Replica, message: MessageOf<'STEP_COMMIT'>): void {
  replica.commits.addMessage(message);
  if (message.globalStep === replica.held?.globalStep) cancelNodes(turn, replica);
}

/** Does what comes next. */
export function work(turn: Turn, phase: Working): void {
  const { replica } = phase;
  const { globalStep } = heldBy(phase);
  if (replica.call) return;
  const owed = phase.leases.owed(globalStep).filter(({ node }) => !replica.nodes.has(nodeKey(node)));
  const asked = phase.requests.at(globalStep) !== undefined;
  const task = nextTask({
    owes: owed.length > 0,
    computes: replica.nodes.size > 0,
    committed: replica.commits.isCommitted(globalStep),
    ready: replica.commits.isReady(globalStep),
    asked,
    mayDefer: mayDefer(turn, phase),
    level: phase.isLevel,
  });
  if (task === 'slots') compute(turn, replica, globalStep, owed);
  if (task === 'serve') serve(turn, replica, phase.requests.take(globalStep)!);
  if (task === 'apply') apply(turn, replica, globalStep);
  if (task === 'tellReady') tellReady(turn, replica);
  if (task === 'defer') setAlarm(turn, phase);
}

/** Every node is handed over before the first is done, so that the device never waits for this thread. */
function compute(turn: Turn, replica: Replica, globalStep: number, nodes: readonly LeasedNode[]): void {
  for (const leased of nodes) replica.nodes.set(nodeKey(leased.node), leased);
  turn.effects.push({ type: 'compute', globalStep, nodes });
}

function tellReady(turn: Turn, replica: Replica): void {
  const asked = { kind: 'fingerprint', for: 'ready', begunAt: turn.state.now } as const;
  call(turn, replica, asked, { type: 'fingerprint' });
}

function apply(turn: Turn, replica: Replica, globalStep: number): void {
  const { message, root } = replica.commits.take(globalStep)!;
  call(turn, replica, { kind: 'apply', commit: message }, { type: 'apply', root });
}

function serve(turn: Turn, replica: Replica, question: StateQuestion): void {
  const effect =
    question.kind === 'evaluate'
      ? ({ type: 'evaluate', weights: question.weights } as const)
      : ({ type: 'readState', fingerprint: question.kind === 'state' } as const);
  call(turn, replica, { kind: 'serve', question }, effect);
}

function mayDefer({ state }: Turn, { boundaryAt, hasComputed, isLevel }: Working): boolean {
  return isLevel && !hasComputed && state.now - boundaryAt < DEFER_MS;
}

function setAlarm(turn: Turn, phase: Working): void {
  if (phase.isAlarmSet) return;
  phase.isAlarmSet = true;
  const afterMs = phase.boundaryAt + DEFER_MS - turn.state.now + 1;
  turn.effects.push({ type: 'wake', due: 'snapshot', afterMs });
}

/** A step stands, and its root has stopped coming for this long: a frame was lost. */
export function isStuck({ replica }: Working, now: number): boolean {
  const { held, commits, heardAt, run } = replica;
  if (!held || !commits.isCommitted(held.globalStep) || commits.isReady(held.globalStep)) return false;
  return now - heardAt > run.config.fleet.livenessMs;
}

/** Whoever works holds a state. */
function heldBy({ replica }: Working): Held {
  return replica.held!;
}
