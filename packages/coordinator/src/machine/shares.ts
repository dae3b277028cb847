import type { MessageOf } from '@ddpm-fleet/protocol';
import type { Peer } from './peer.js';
import type { ShareSave, State } from './state.js';
import { log, noteLent, type Turn } from './turn.js';

/** Lets members write the state at this boundary together. Returns the transfer, or null where nobody can. */
export function openShares(turn: Turn, able: readonly Peer[]): number | null {
  const { state } = turn;
  const writers = able.slice(0, state.options.checkpointWriters).map(({ peer }) => peer);
  if (writers.length === 0) return null;
  const transfer = ++state.transfers.count;
  const { globalStep } = state;
  const { train: trainLoss } = state.losses;
  const { head: journalHead } = state.journal;
  const written = writers.map(() => null);
  state.transfers.shares = { transfer, globalStep, writers, written, trainLoss, journalHead };
  Object.assign(state.checkpoint, { saving: true, askedStep: globalStep });
  turn.effects.push({ type: 'openShares', transfer, globalStep, writers });
  return transfer;
}

/** A writer is done. Returns why the save failed, if it did. */
export function takeShare(
  turn: Turn,
  peer: Peer,
  { transfer, written }: MessageOf<'CHECKPOINT_WRITTEN'>,
): string | undefined {
  const { state } = turn;
  const { shares } = state.transfers;
  const share = shares?.writers.indexOf(peer.peer) ?? -1;
  if (!shares || share < 0 || transfer !== shares.transfer) return undefined;
  if ('problem' in written) {
    state.transfers.shares = null;
    turn.effects.push({ type: 'dropShares', transfer });
    return `${peer.workerId}: ${written.problem}`;
  }
  shares.written[share] = written;
  publishIfWhole(turn, shares);
  return undefined;
}

function publishIfWhole({ state, effects }: Turn, shares: ShareSave): void {
  const written = shares.written.filter((one) => one !== null);
  if (written.length < shares.writers.length) return;
  const { transfer, globalStep, trainLoss, journalHead } = shares;
  state.transfers.shares = null;
  for (const writer of shares.writers) noteLent(state, writer, globalStep);
  const losses = lossesAt(state, globalStep, trainLoss);
  effects.push({ type: 'publishShares', transfer, globalStep, written, journalHead, losses });
}

export function dropSharesOf(turn: Turn, peer: string): void {
  if (turn.state.transfers.shares?.writers.includes(peer)) dropShares(turn, 'one of its writers is gone');
}

/** The next boundary tries again, with whoever is there then. */
export function dropShares(turn: Turn, reason: string): void {
  const { state } = turn;
  if (!state.transfers.shares) return;
  const { transfer, globalStep } = state.transfers.shares;
  state.transfers.shares = null;
  log(turn, 'warn', `the checkpoint of step ${globalStep} is given up: ${reason}; another one is made`);
  turn.effects.push({ type: 'dropShares', transfer });
  state.checkpoint.saving = false;
  state.checkpoint.wanted = true;
}

/** The losses that a checkpoint of that step records. */
export function lossesAt(
  { losses: { heldOut } }: State,
  globalStep: number,
  train: number | null,
): { train?: number; heldOut?: number } {
  return {
    ...(train !== null && { train }),
    ...(heldOut.step === globalStep && heldOut.loss !== null && { heldOut: heldOut.loss }),
  };
}
