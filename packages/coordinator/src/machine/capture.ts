import { framesOf, type MessageOf, type StateHeader } from '@ddpm-fleet/protocol';
import type { JournalHead, Keep } from './effects.js';
import type { EventOf } from './events.js';
import { dropShares, dropSharesOf, lossesAt, openShares } from './shares.js';
import { candidates, welcome } from './welcome.js';
import type { Peer } from './peer.js';
import type { Capture, State } from './state.js';
import { isPossibleChunk } from './stateShape.js';
import { leasable, log, noteLent, peersBy, send, type Turn } from './turn.js';

/** A donor that has sent nothing for so many times the liveness limit is replaced. */
const DONOR_PATIENCE = 20;

/** Sees to it that whoever needs the state at this boundary gets it. Returns the transfer that saves it. */
export function captureIfNeeded(turn: Turn, keep: Keep): number | null {
  const { options, checkpoint } = turn.state;
  // The averages are the coordinator's to write, and whoever gives them gives the rest as well.
  const alone = !keep.checkpoint || keep.averages;
  // A writer that cannot reach the store could not do so next time either; the coordinator may.
  if (alone || options.checkpointWriters === 0 || checkpoint.failures > 0) return capture(turn, keep);
  const saving = openShares(turn, donors(turn.state));
  capture(turn, { checkpoint: false, averages: false });
  return saving;
}

/** Asks one worker for the state. */
function capture(turn: Turn, keep: Keep): number | null {
  const { state } = turn;
  const joiners = [...candidates(state), ...stranded(state)];
  if (joiners.length === 0 && !isKept(keep)) return null;
  const donor = donorOf(state);
  if (!donor) return null;
  const transfer = ++state.transfers.count;
  const { globalStep, now } = state;
  const { head: journalHead } = state.journal;
  const started: Capture = {
    transfer,
    globalStep,
    donor: donor.peer,
    joiners: [],
    keep,
    journalHead,
    lastProgress: now,
    frames: null,
    seen: new Set(),
  };
  state.transfers.captures.set(transfer, started);
  if (keep.checkpoint) Object.assign(state.checkpoint, { saving: true, askedStep: globalStep });
  if (keep.averages) state.checkpoint.averagesStep = globalStep;
  send(turn, donor.peer, { type: 'STATE_REQUEST', transfer, globalStep });
  for (const joiner of joiners) {
    started.joiners.push(joiner.peer);
    welcome(turn, joiner, { from: 'peer', globalStep, transfer });
  }
  return transfer;
}

function isKept({ checkpoint, averages }: Keep): boolean {
  return checkpoint || averages;
}

/** The commit that made a state is written only after the state was asked for. */
export function noteHead(state: State, globalStep: number, head: JournalHead): void {
  const saves = [
    ...state.transfers.captures.values(),
    ...(state.transfers.shares ? [state.transfers.shares] : []),
  ];
  for (const save of saves) if (save.globalStep === globalStep) save.journalHead = head;
}

/** Members that wait for a state which no capture brings any more. */
function stranded(state: State): Peer[] {
  const served = new Set([...state.transfers.captures.values()].flatMap(({ joiners }) => joiners));
  return peersBy(state, 'fetching').filter(
    ({ peer, source, delivered }) => source === 'peer' && !delivered && !served.has(peer),
  );
}

/** Whoever has the least to do. */
export function donorOf(state: State): Peer | undefined {
  return donors(state)[0];
}

/** Who could give the state, those with the least to do first. */
function donors(state: State): Peer[] {
  const planned = new Map(state.leases.plan?.peers.map((peer, i) => [peer, state.leases.plan!.runs[i]!]));
  const burden = ({ peer }: Peer) => {
    const run = planned.get(peer);
    return (state.round?.owed.get(peer) ?? 0) + (run ? run.end - run.start : 0);
  };
  return leasable(state).toSorted((a, b) => burden(a) - burden(b));
}

/** The donor says what will come. */
export function onState(turn: Turn, peer: Peer, message: MessageOf<'STATE'>): void {
  const capture = turn.state.transfers.captures.get(message.transfer);
  if (!capture || capture.donor !== peer.peer || capture.frames !== null) return;
  if (message.globalStep !== capture.globalStep)
    return dropCapture(turn, capture, 'the donor sent another step');
  capture.frames = framesOf(message.sections);
  capture.lastProgress = turn.state.now;
  send(turn, capture.joiners, message);
  if (isKept(capture.keep)) expectState(turn, capture, message);
  if (capture.seen.size === capture.frames) finishCapture(turn.state, capture);
}

function expectState(turn: Turn, capture: Capture, message: MessageOf<'STATE'>): void {
  const { transfer, globalStep, journalHead, keep } = capture;
  turn.effects.push({
    type: 'expectState',
    transfer,
    globalStep,
    sections: message.sections,
    journalHead,
    losses: lossesAt(turn.state, globalStep, turn.state.losses.train),
    keep,
  });
}

/** A chunk of a captured state: joiners and store get it as it comes. */
export function onStateFrame(turn: Turn, peer: Peer, { transfer, section, chunk }: StateHeader): void {
  const capture = turn.state.transfers.captures.get(transfer);
  const key = `${section}/${chunk}`;
  if (!capture || capture.donor !== peer.peer || capture.seen.has(key)) return;
  if (capture.frames === null && !isPossibleChunk(section, chunk, turn.state.options)) return;
  capture.seen.add(key);
  capture.lastProgress = turn.state.now;
  turn.effects.push({ type: 'forwardState', to: [...capture.joiners], store: isKept(capture.keep) });
  if (capture.seen.size === capture.frames) finishCapture(turn.state, capture);
}

function finishCapture(state: State, { transfer, joiners, donor, globalStep }: Capture): void {
  state.transfers.captures.delete(transfer);
  noteLent(state, donor, globalStep);
  if (joiners.length > 0) state.replicas.donatedAt = Math.max(state.replicas.donatedAt, globalStep);
  for (const joiner of joiners) {
    const peer = state.peers.get(joiner);
    if (peer) peer.delivered = true;
  }
}

/** A worker that was pointed to a checkpoint cannot read it. */
export function onStateRequest(turn: Turn, peer: Peer, { globalStep }: MessageOf<'STATE_REQUEST'>): void {
  const { state } = turn;
  const { source } = state.origin;
  if (peer.status !== 'fetching' || peer.source !== 'checkpoint') return;
  // It turned out to be gone while this one tried to read it.
  if (!source) peer.status = 'waiting';
  if (source?.from !== 'checkpoint' || globalStep !== source.globalStep) return;
  const transfer = ++state.transfers.count;
  const { location } = source;
  turn.effects.push({ type: 'streamCheckpoint', to: peer.peer, transfer, globalStep, location });
}

/** Whoever was pointed to it waits for the state from a peer, or from where it is looked for next. */
export function onCheckpointGone(turn: Turn, { peer, globalStep, reason }: EventOf<'checkpointGone'>): void {
  const { state } = turn;
  log(turn, 'error', `the checkpoint of step ${globalStep} cannot be sent: ${reason}`);
  const { origin } = state;
  if (origin.source?.from === 'checkpoint' && origin.source.globalStep === globalStep) origin.source = null;
  const known = state.peers.get(peer);
  if (known?.status === 'fetching' && known.source === 'checkpoint') known.status = 'waiting';
}

/** Ends the captures that the peer gives or has a share in, and takes it off the list of others'. */
export function dropCapturesOf(turn: Turn, peer: string): void {
  dropSharesOf(turn, peer);
  for (const capture of turn.state.transfers.captures.values()) {
    capture.joiners = capture.joiners.filter((joiner) => joiner !== peer);
    if (capture.donor === peer) dropCapture(turn, capture, 'its donor is gone');
  }
}

function dropCapture(turn: Turn, capture: Capture, reason: string): void {
  const { state } = turn;
  state.transfers.captures.delete(capture.transfer);
  log(turn, 'warn', `the state at ${capture.globalStep} did not come: ${reason}; another worker is asked`);
  if (!isKept(capture.keep)) return;
  turn.effects.push({ type: 'dropState', transfer: capture.transfer });
  // Of a step that is over they cannot be had any more: one snapshot fewer.
  state.checkpoint.averagesStep = null;
  if (!capture.keep.checkpoint) return;
  state.checkpoint.saving = false;
  state.checkpoint.wanted = true;
}

export function dropAllCaptures(turn: Turn, reason: string): void {
  dropShares(turn, reason);
  for (const capture of turn.state.transfers.captures.values()) dropCapture(turn, capture, reason);
}

/** Replaces donors that have gone quiet. */
export function checkCaptures(turn: Turn): void {
  const { state } = turn;
  for (const capture of state.transfers.captures.values()) {
    if (state.now - capture.lastProgress > DONOR_PATIENCE * state.options.livenessMs)
      dropCapture(turn, capture, 'its donor sends nothing');
  }
}
