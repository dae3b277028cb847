// `npm run simulate -- [flags]`: the coordinator's machine under faults, in one process; `--help` lists the flags.
import { join } from 'node:path';
import { root, run } from './prepare.mjs';

run('build', process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'packages/coordinator']);
run('simulate', process.execPath, [
  join(root, 'packages/coordinator/dist/test/simulator/simulate.js'),
  ...process.argv.slice(2),
]);
