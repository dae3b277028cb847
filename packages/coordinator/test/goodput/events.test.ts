import { EVENTS, type RunEvent } from '@ddpm-fleet/telemetry';
import test from 'ava';
import { formatLine, GENESIS, type JournalLine } from '../../src/index.js';

/** A line that the table of events says otherwise does not compile. */
const asEvent = (line: JournalLine): RunEvent => line;

/** Nor does a kind of line that is not here. */
const KINDS: Readonly<Record<JournalLine['kind'], true>> = {
  ...{ start: true, branch: true, joined: true, left: true, step: true, rewind: true, checkpoint: true },
  ...{ checkpointFailed: true, heldOut: true, fingerprint: true, end: true },
};

test('the table of events has every kind of journal line, and no other', (t) => {
  const journaled = Object.entries(EVENTS).filter(([, { file }]) => file === 'journal');
  t.deepEqual(new Set(journaled.map(([kind]) => kind)), new Set(Object.keys(KINDS)));
  const entry = { kind: 'rewind', globalStep: 1, from: 3, reason: 'all workers died' } as const;
  const line = JSON.parse(formatLine(7, GENESIS, new Date(0), entry)) as JournalLine;
  t.like(asEvent(line), { ...entry, line: 7, at: '1970-01-01T00:00:00.000Z' });
});
