// `npm run marathon [-- --short]`: kills one run all the time and compares it with the run that is left in peace.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

prepare();
run('engine', process.execPath, [join(root, 'packages/cli/bin/ddpm-fleet.js'), 'engine', 'install']);
run('marathon', process.execPath, [join(root, 'test/dist/marathon/main.js'), ...process.argv.slice(2)]);
