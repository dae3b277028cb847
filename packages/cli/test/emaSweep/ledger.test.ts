import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Ledger } from '../../src/emaSweep/ledger.js';

test('answers are kept for the question that they answer, and for no other', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-fleet-ledger-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const first = new Ledger(dir, { step: 20, split: undefined });
  first.set('raw', 0.1 + 0.2);
  first.set('ema-std-0.05', 2);
  const again = new Ledger(dir, { step: 20, split: undefined });
  t.is(again.get('raw'), 0.1 + 0.2, 'to the bit');
  t.is(again.get('ema-std-0.06'), undefined);
  const other = new Ledger(dir, { step: 21 });
  t.is(other.get('raw'), undefined);
  other.set('raw', 7);
  t.is(new Ledger(dir, { step: 20 }).get('ema-std-0.05'), undefined);
  writeFileSync(other.path, readFileSync(other.path, 'utf8').slice(0, -20));
  t.is(new Ledger(dir, { step: 21 }).get('raw'), undefined, 'what was cut off is no answer');
});
