import type { MessageOf } from '@ddpm-fleet/protocol';
import type { Peer } from './peer.js';
import type { State } from './state.js';

interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** Why a worker cannot take part, or null. */
export function refusal(state: State, peer: Peer, hello: MessageOf<'HELLO'>): Refusal | null {
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
  return options.allowUnlike ? null : unlike(state, others, hello.deviceKind);
}

/** What is on record counts: whoever happens to come first after a restart does not decide for the others. */
function unlike({ membership }: State, others: readonly Peer[], kind: string): Refusal | null {
  const [whose, ours] =
    membership.deviceKind === null
      ? [others[0]?.workerId, others[0]?.deviceKind ?? kind]
      : ['the run', membership.deviceKind];
  if (ours === kind) return null;
  const reason = `it computes on ${kind}, ${whose} on ${ours}: their sums would differ. --allow-unlike accepts that`;
  return { code: 'unlike', reason };
}

function withRemedy(refused: Refusal, remedy: string): Refusal {
  return { ...refused, reason: `${refused.reason}: ${remedy}` };
}
