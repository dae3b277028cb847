import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { runPaths } from '@ddpm-fleet/config';
import { FRESH, type Recovery } from '../../src/machine/index.js';
import { CostMeter } from '../../src/server/costs.js';
import { nodeFiles } from '../../src/server/files.js';
import { JournalFeed } from '../../src/server/journalFeed.js';
import { formatLine, GENESIS, hashLine } from '../../src/server/journalLine.js';
import { recover } from '../../src/server/recover.js';
import { sealLine, type SealKey } from '../../src/server/seal.js';
import { step } from '../audit/journalText.js';
import { newJournal } from './newJournal.js';

/** Lines that continue each other, of these steps. */
function chain(steps: readonly number[], sealKey?: SealKey): string[] {
  let [prev, line] = [GENESIS, 0];
  return steps.map((globalStep) => {
    const bare = formatLine(line++, prev, new Date(0), step(globalStep));
    const text = sealKey ? sealLine(bare, sealKey) : bare;
    prev = hashLine(text);
    return text;
  });
}

/** What a new journal says after a worker has told what it remembers. */
async function adopted(
  t: ExecutionContext,
  lines: string[],
  sealKey?: SealKey,
): Promise<{ commits: number; globalStep: number }> {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-adopt-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const paths = runPaths(dir);
  let said: { commits: number; recovery: Recovery | null } | undefined;
  const feed = new JournalFeed(
    newJournal(t, paths, sealKey ? { sealKey } : {}),
    FRESH,
    null as never,
    (event) => {
      if (event.type === 'adopted') said = event;
    },
    new CostMeter(),
  );
  feed.adopt({ type: 'adopt', lines });
  await feed.close();
  const { globalStep } = recover(paths.journal, nodeFiles);
  t.is(said!.recovery?.globalStep ?? 0, globalStep);
  return { commits: said!.commits, globalStep };
}

test('lines of steps that follow each other are taken', async (t) => {
  t.deepEqual(await adopted(t, chain([0, 1, 2])), { commits: 3, globalStep: 3 });
});

test('a line of a step that is not the next one is not taken, nor what comes after it', async (t) => {
  t.deepEqual(await adopted(t, chain([99_989])), { commits: 0, globalStep: 0 });
  t.deepEqual(await adopted(t, chain([0, 1, 99_989, 99_990])), { commits: 2, globalStep: 2 });
  t.deepEqual(await adopted(t, chain([0, 1, 1])), { commits: 2, globalStep: 2 });
});

test('what continues nothing, or is no line, is passed over', async (t) => {
  t.deepEqual(await adopted(t, ['{', ...chain([0]), 'null', ...chain([5, 6])]), {
    commits: 1,
    globalStep: 1,
  });
});

test('of a run that seals its lines only its own are taken', async (t) => {
  const [key, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  t.deepEqual(await adopted(t, chain([0, 1], key), key), { commits: 2, globalStep: 2 });
  t.deepEqual(await adopted(t, chain([0, 1]), key), { commits: 0, globalStep: 0 });
  t.deepEqual(await adopted(t, chain([0, 1], other), key), { commits: 0, globalStep: 0 });
});
