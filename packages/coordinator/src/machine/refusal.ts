import type { MessageOf } from '@ddpm-fleet/protocol';
import type { Peer } from './peer.js';
import type { State } from './state.js';

/** Why a worker cannot take part, or null. */
export function refusal(
  state: State,
  peer: Peer,
  hello: MessageOf<'HELLO'>,
): { code: string; reason: string } | null {
  const { options } = state;
  if (state.phase === 'stopped') return { code: 'over', reason: 'the run is over' };
  const differs = (what: string, ours: string, theirs: string) => ({
    code: what.replace(' ', ''),
    reason: `its ${what} is ${theirs.slice(0, 12)}..., the run's ${ours.slice(0, 12)}...`,
  });
  if (hello.layoutHash !== options.layoutHash) return differs('layout', options.layoutHash, hello.layoutHash);
  if (hello.datasetHash !== options.datasetHash)
    return withRemedy(
      differs('data set', options.datasetHash, hello.datasetHash),
      'give it the same files, in the same order of names',
    );
  if (hello.identityHash !== options.identityHash)
    return differs('identity', options.identityHash, hello.identityHash);
  const others = [...state.peers.values()].filter((one) => one !== peer && one.deviceKind !== '');
  if (others.length >= options.maxWorkers)
    return { code: 'full', reason: `the run has ${others.length} workers already` };
  const unlike = others.find(({ deviceKind }) => deviceKind !== hello.deviceKind);
  if (unlike && !options.allowUnlike) {
    return {
      code: 'unlike',
      reason: `it computes on ${hello.deviceKind}, ${unlike.workerId} on ${unlike.deviceKind}: their sums would differ. --allow-unlike accepts that`,
    };
  }
  return null;
}

function withRemedy(refused: { code: string; reason: string }, remedy: string) {
  return { ...refused, reason: `${refused.reason}: ${remedy}` };
}
