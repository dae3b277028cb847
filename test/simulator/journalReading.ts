import assert from 'node:assert/strict';
import { GENESIS, hashLine, parseLine } from '@ddpm-fleet/coordinator';

/** Reads a journal to its end: the chain is unbroken, and the line that survives has every step once, in order. */
export function readJournal(lines: readonly string[]): number {
  let hash = GENESIS;
  let globalStep = 0;
  for (const [i, text] of lines.entries()) {
    const line = parseLine(text);
    assert.ok(typeof line !== 'string', `line ${i}: ${String(line)}`);
    assert.equal(line.line, i, 'lines are numbered');
    assert.equal(line.prev, hash, `line ${i} continues line ${i - 1}`);
    hash = hashLine(text);
    if (line.kind === 'step') assert.equal(line.globalStep, globalStep++, 'steps follow each other');
    if (line.kind === 'start')
      assert.equal(line.globalStep, globalStep, 'a life begins where the last one ended');
    if (line.kind !== 'rewind') continue;
    assert.ok(
      line.from === globalStep && line.globalStep < globalStep,
      'a rewind goes back from where it was',
    );
    globalStep = line.globalStep;
  }
  return globalStep;
}
