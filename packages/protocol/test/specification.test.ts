import { readFileSync } from 'node:fs';
import test from 'ava';
import { formOf } from '../src/data/forms.js';
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

test('PROTOCOL.md and the code put the same numbers into the same places of a header', (t) => {
  const lines = PROTOCOL.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const names = lines.find(([kind, dtype]) => kind === 'kind' && dtype === 'dtype')!;
  const places = names.slice(1);
  const specified = lines.filter((cells) => cells.length === names.length && cells[0]! in FrameKind);
  const coded = Object.entries(FrameKind).map(([name, code]) => {
    const { dtypes, counts, fields } = formOf(code);
    const [least, most] = counts;
    const count = most === 0 ? '0' : `${least}-${most === 0xffff_ffff ? '' : most}`;
    const cells = new Map<string, string>(fields.map(([field, place]) => [place, field]));
    const all = new Map([...cells, ['dtype', dtypes.join(', ')], ['count', count]]);
    return [name, ...places.map((place) => all.get(place) ?? '')];
  });
  t.deepEqual(specified, coded);
});

test('PROTOCOL.md has the version and the sizes of the code', (t) => {
  t.true(PROTOCOL.includes(`# The protocol of a fleet, version ${PROTOCOL_VERSION}`));
  t.true(PROTOCOL.includes(`a header of ${HEADER_BYTES} bytes`));
  t.true(PROTOCOL.includes(`larger than ${LIMITS.payloadBytes >> 20} MiB`));
  t.true(PROTOCOL.includes(`larger than ${LIMITS.controlBytes >> 20} MiB`));
});
