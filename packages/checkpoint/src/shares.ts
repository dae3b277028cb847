import { fleetError } from '@ddpm-fleet/core';
import { averagesOf } from './manifest.js';
import type { Ticket } from './medium.js';
import { expectedFiles } from './parts.js';
import type { WrittenShare } from './store.js';

/** @throws DDPM_ERR_CHECKPOINT_SHARES unless every share is there once, and all are of the same state */
export function assertShares(ticket: Ticket, written: readonly WrittenShare[]): void {
  const fail = (detail: string): never => {
    throw fleetError('DDPM_ERR_CHECKPOINT_SHARES', { step: ticket.globalStep, detail });
  };
  for (let i = 0; i < ticket.shares; i++) {
    if (written.filter(({ share }) => share === i).length !== 1)
      fail(`share ${i} of ${ticket.shares} is not there once`);
  }
  const digests = new Set(written.map(({ head }) => head.digest));
  if (digests.size !== 1) fail(`the shares are of different states (${[...digests].join(', ')})`);
  const { head } = written[0]!;
  const { derived, globalStep } = head;
  if (globalStep !== ticket.globalStep) fail(`its state is of step ${globalStep}`);
  const names = new Set(written.flatMap(({ files }) => files.map(({ path }) => path.split('/').at(-1)!)));
  const missing = expectedFiles(averagesOf(head), derived.length > 0, ticket.shares).find(
    (name) => !names.has(name),
  );
  if (missing !== undefined) fail(`${missing} was not written`);
}
