// `npm run bench -- NAME [flags]`: the measurements behind every speed claim; the flags are those of
// `ddpm-fleet bench NAME --help`.
import { join } from 'node:path';
import { root, run } from './prepare.mjs';

run('bench', process.execPath, [
  join(root, 'packages/cli/bin/ddpm-fleet.js'),
  'bench',
  ...process.argv.slice(2),
]);
