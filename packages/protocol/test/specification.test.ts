import { readFileSync } from 'node:fs';
import test from 'ava';
import { FrameKind, HEADER_BYTES, LIMITS, MESSAGES, PROTOCOL_VERSION } from '../src/index.js';

const PROTOCOL = readFileSync(new URL('../../PROTOCOL.md', import.meta.url), 'utf8');

test('PROTOCOL.md and the code name the same messages, codes, senders and sentences', (t) => {
  const rows = [...PROTOCOL.matchAll(/^\| (\d+) \| ([A-Z_]+) \| (worker|coordinator|both) \| (.+) \|$/gm)];
  const specified = rows.map(([, code, type, from, sentence]) => `${code} ${type} ${from} ${sentence}`);
  const senders = { fromWorker: 'worker', fromCoordinator: 'coordinator', both: 'both' };
  const coded = Object.entries(MESSAGES).map(
    ([type, { code, direction, sentence }]) => `${code} ${type} ${senders[direction]} ${sentence}`,
  );
  t.deepEqual(specified.toSorted(), coded.toSorted());
});

test('PROTOCOL.md and the code name the same frames', (t) => {
  const rows = [...PROTOCOL.matchAll(/^\| (\d) \| (\w+) \| (?:worker|coordinator|both) \| .+ \|$/gm)];
  const specified = rows
    .filter(([, , name]) => name! in FrameKind)
    .map(([, kind, name]) => `${kind} ${name}`);
  t.deepEqual(
    specified,
    Object.entries(FrameKind).map(([name, kind]) => `${kind} ${name}`),
  );
});

test('PROTOCOL.md has the version and the sizes of the code', (t) => {
  t.true(PROTOCOL.includes(`# The protocol of a fleet, version ${PROTOCOL_VERSION}`));
  t.true(PROTOCOL.includes(`a header of ${HEADER_BYTES} bytes`));
  t.true(PROTOCOL.includes(`larger than ${LIMITS.payloadBytes >> 20} MiB`));
  t.true(PROTOCOL.includes(`larger than ${LIMITS.controlBytes >> 20} MiB`));
});
