import test from 'ava';
import { assertAccepted, isFleetError, makeNote, NoteList, NOTES, type NoteCode } from '../../src/index.js';

const placeholders = (code: NoteCode) =>
  [...`${NOTES[code].message} ${NOTES[code].remedy}`.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

for (const code of Object.keys(NOTES) as NoteCode[]) {
  test(`${code}`, (t) => {
    t.regex(code, /^DDPM_NOTE_[A-Z0-9]+(_[A-Z0-9]+)*$/);
    t.regex(NOTES[code].message, /[^.]$/, 'the stop is put behind it');
    t.regex(NOTES[code].remedy, /^[A-Z].*\.$/);
    const values = Object.fromEntries(placeholders(code).map((name) => [name, `<${name}>`]));
    const { text } = makeNote(code, values);
    t.notRegex(text, /[{}]/, 'no placeholder is left');
    for (const name of Object.keys(values)) {
      const { [name]: _, ...rest } = values;
      t.throws(() => makeNote(code, rest), { message: new RegExp(`\\{${name}\\}`) });
    }
  });
}

const SKIPPED = { of: 9, place: 'a.png', reason: 'it is empty', count: 1 };
const HELD_OUT = { heldOut: 64, size: 100, percent: 64 };

test('a note says what happened with the numbers, then the remedy', (t) => {
  const { text, values } = makeNote('DDPM_NOTE_DATA_HELD_OUT', HELD_OUT);
  t.regex(text, /^64 of 100 images \(64 %\) are held out.*\. Lower data\.heldOut/);
  t.deepEqual(values, HELD_OUT);
});

test('what is alike is one note with the number of times and the first example', (t) => {
  const notes = new NoteList();
  notes.count('DDPM_NOTE_DATA_SKIPPED', { of: 9, place: 'a.png', reason: 'it is empty' });
  notes.add('DDPM_NOTE_DATA_HELD_OUT', HELD_OUT);
  notes.count('DDPM_NOTE_DATA_SKIPPED', { of: 9, place: 'b.png', reason: 'it is cut off' });
  t.deepEqual(
    notes.all.map(({ code }) => code),
    ['DDPM_NOTE_DATA_SKIPPED', 'DDPM_NOTE_DATA_HELD_OUT'],
  );
  t.deepEqual(notes.all[0]!.values, { ...SKIPPED, count: 2 });
});

test('--strict refuses what is not accepted, and names it', (t) => {
  const notes = [makeNote('DDPM_NOTE_DATA_SKIPPED', SKIPPED), makeNote('DDPM_NOTE_DATA_HELD_OUT', HELD_OUT)];
  t.notThrows(() => assertAccepted(notes, {}));
  t.notThrows(() => assertAccepted([], { strict: true }));
  t.notThrows(() => assertAccepted(notes, { strict: true, accept: notes.map(({ code }) => code) }));
  const accept = ['DDPM_NOTE_DATA_SKIPPED'];
  const error = t.throws(() => assertAccepted(notes, { strict: true, accept }))!;
  t.true(isFleetError(error, 'DDPM_ERR_STRICT'));
  t.regex(error.message, /64 of 100 images.*\[DDPM_NOTE_DATA_HELD_OUT\]/);
  t.notRegex(error.message, /SKIPPED/);
});

test('a code that does not exist cannot be accepted', (t) => {
  const error = t.throws(() => assertAccepted([], { accept: ['DDPM_NOTE_DATA_SKIPED'] }));
  t.true(isFleetError(error, 'DDPM_ERR_NOTE_UNKNOWN'));
});
