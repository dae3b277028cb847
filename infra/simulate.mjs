// `npm run simulate -- [flags]`: coordinator and workers under faults; `--help` lists the flags.
import { join } from 'node:path';
import { root, run } from './prepare.mjs';

run('build', process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'test']);
run('simulate', process.execPath, [join(root, 'test/dist/simulator/simulate.js'), ...process.argv.slice(2)]);
