import test from 'ava';
import { ERRORS, fleetError, FleetError, isFleetError, type ErrorCode } from '../../src/index.js';

const CODES = Object.keys(ERRORS) as ErrorCode[];
const placeholders = (code: ErrorCode) =>
  [...ERRORS[code].message.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

for (const code of CODES) {
  test(`${code}`, (t) => {
    const { exitCode, message } = ERRORS[code];
    t.regex(code, /^DDPM_ERR_[A-Z0-9]+(_[A-Z0-9]+)*$/);
    t.true(exitCode === 1 || exitCode === 2);
    const values = Object.fromEntries(placeholders(code).map((name) => [name, `<${name}>`]));
    const error = fleetError(code, values);
    t.true(error instanceof FleetError && error instanceof Error);
    t.is(error.code, code);
    t.is(error.exitCode, exitCode);
    t.notRegex(error.message, /[{}]/, 'no placeholder is left');
    t.is(error.message, message.replace(/\{(\w+)\}/g, '<$1>'));
    for (const name of Object.keys(values)) {
      const { [name]: _, ...rest } = values;
      t.throws(() => fleetError(code, rest), { message: new RegExp(`\\{${name}\\}`) });
    }
  });
}

test('the cause is kept', (t) => {
  const cause = new Error('disk');
  t.is(fleetError('DDPM_ERR_LAYOUT_MISMATCH', { detail: 'x' }, { cause }).cause, cause);
});

test('isFleetError tells codes apart', (t) => {
  const error = fleetError('DDPM_ERR_LAYOUT_MISMATCH', { detail: 'x' });
  t.true(isFleetError(error));
  t.true(isFleetError(error, 'DDPM_ERR_LAYOUT_MISMATCH'));
  t.false(isFleetError(error, 'DDPM_ERR_IDENTITY'));
  t.false(isFleetError(new Error('x')));
});

test('a value may hold braces of its own', (t) => {
  t.regex(
    fleetError('DDPM_ERR_LAYOUT_MISMATCH', { detail: 'shard-{0..9}.tar' }).message,
    /shard-\{0\.\.9\}\.tar/,
  );
});
