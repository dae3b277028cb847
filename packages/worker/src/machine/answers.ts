import { nodeKey } from '@ddpm-fleet/core';
import { fingerprintText } from '@ddpm-fleet/protocol';
import type { WorkerEventOf } from './events.js';
import { onLoaded } from './fetching.js';
import type { DeviceCall, Replica } from './state.js';
import { call, log, send, type Turn } from './turn.js';

type Answer = WorkerEventOf<'loaded' | 'applied' | 'fingerprinted' | 'stateRead' | 'evaluated'>;

/** The device answered what it was asked; whatever phase has come meanwhile, the answer is taken in. */
export function onAnswer(turn: Turn, replica: Replica, answer: Answer): void {
  const asked = replica.call;
  replica.call = null;
  if (answer.type === 'loaded' && asked?.kind === 'load')
    return onLoaded(turn, replica, asked, answer.fingerprint);
  if (answer.type === 'applied' && asked?.kind === 'apply') return onApplied(turn, replica, asked, answer);
  if (answer.type === 'fingerprinted' && asked?.kind === 'fingerprint')
    return onFingerprinted(turn, replica, asked, answer.fingerprint);
  if (answer.type === 'stateRead' && asked?.kind === 'serve') return onStateRead(turn, asked, answer);
  if (answer.type === 'evaluated' && asked?.kind === 'serve') return onEvaluated(turn, asked, answer.loss);
  throw new Error(`the device answered ${answer.type} to ${asked?.kind ?? 'nothing'}`);
}

export function onNodeDone(turn: Turn, replica: Replica, done: WorkerEventOf<'nodeDone'>): void {
  const { globalStep, node, result } = done;
  replica.nodes.delete(nodeKey(node));
  replica.clock.addSlots(result.computeMs);
  const { phase } = turn.state;
  if (phase.name !== 'working') return;
  phase.hasComputed = true;
  const leased = phase.leases.find(globalStep, node);
  const { sum, t, loss } = result;
  if (!sum || !leased) return;
  phase.leases.finish(globalStep, node);
  turn.effects.push({ type: 'sendSum', globalStep, leased, sum, images: { t, loss } });
}

function onApplied(
  turn: Turn,
  replica: Replica,
  { commit }: DeviceCall & { kind: 'apply' },
  { root, computeMs }: WorkerEventOf<'applied'>,
): void {
  const { now, phase } = turn.state;
  const { clock, held, run } = replica;
  if (root) replica.commits.recycle(root);
  const globalStep = ++held!.globalStep;
  held!.log.add(commit.globalStep, commit.lines);
  if (phase.name === 'working') {
    phase.leases.forgetBefore(globalStep);
    phase.boundaryAt = now;
    phase.hasComputed = false;
  }
  clock.addApply(computeMs);
  const times = clock.lap(now);
  if (globalStep % run.config.log.everySteps === 0) log(turn, 'info', 'applied', { globalStep, ...times });
  if (!commit.fingerprint) return;
  call(turn, replica, { kind: 'fingerprint', for: 'commit', begunAt: now }, { type: 'fingerprint' });
}

function onFingerprinted(
  turn: Turn,
  { clock, held }: Replica,
  asked: DeviceCall & { kind: 'fingerprint' },
  value: bigint,
): void {
  const { now, phase } = turn.state;
  const { globalStep } = held!;
  const fingerprint = fingerprintText(value);
  if (asked.for === 'commit') {
    clock.addFingerprint(now - asked.begunAt);
    send(turn, { type: 'FINGERPRINT', globalStep, value: fingerprint });
  } else if (phase.name === 'working') {
    phase.isLevel = true;
    send(turn, { type: 'READY', globalStep, fingerprint });
    log(turn, 'info', 'ready', { globalStep });
  }
}

function onStateRead(
  turn: Turn,
  { question }: DeviceCall & { kind: 'serve' },
  { state, fingerprint }: WorkerEventOf<'stateRead'>,
): void {
  const { generation } = turn.state;
  if (question.kind === 'share') turn.effects.push({ type: 'writeShare', question, state });
  if (question.kind !== 'state') return;
  const { transfer } = question;
  turn.effects.push({ type: 'sendState', generation, transfer, state, fingerprint: fingerprint! });
}

function onEvaluated(turn: Turn, { question }: DeviceCall & { kind: 'serve' }, loss: number): void {
  if (question.kind !== 'evaluate') return;
  const { globalStep, weights } = question;
  send(turn, { type: 'EVALUATED', globalStep, weights, loss: Number.isFinite(loss) ? loss : null });
}
