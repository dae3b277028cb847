import { claimRun } from '../../src/claim/index.js';

/** Claims a run and stays: the process that a test kills. */
const [runDir, directory] = process.argv.slice(2) as [string, string];
const { epoch } = await claimRun({ runDir, directory, role: 'coordinator' });
process.stdout.write(`${epoch}\n`);
setInterval(() => undefined, 1000);
