/**
 * A process that does nothing but save: it goes on from the newest checkpoint in the directory it is given, saves
 * step after step, and prints each step once it is durable. It is made to be killed.
 */
import { writeSync } from 'node:fs';
import { isFleetError } from '@ddpm-fleet/core';
import { sampleSnapshot } from '../../src/conformance/sample.js';
import { AsyncSaver, openStore } from '../../src/index.js';
import { LAYOUT } from './killLoop.js';

const [directory] = process.argv.slice(2) as [string];

async function newestStep(): Promise<number> {
  try {
    return (await openStore(directory).load('newest')).snapshot.state.globalStep;
  } catch (error) {
    if (isFleetError(error, 'DDPM_ERR_CHECKPOINT_NONE')) return 0;
    throw error;
  }
}

const saver = new AsyncSaver(directory, { retention: { keepLast: 2, keepEvery: 0, keepBest: 0 } });
for (let step = (await newestStep()) + 1; ; step++) {
  const { done } = await saver.save(sampleSnapshot(step, 'usual', LAYOUT));
  await done;
  writeSync(1, `${step}\n`);
}
