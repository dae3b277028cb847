// `npm run survival [-- FILTER]`: every promise of what a run survives, with real processes; minutes.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

prepare();
run('engine', process.execPath, [join(root, 'packages/cli/bin/ddpm-fleet.js'), 'engine', 'install']);
const ava = join(root, 'node_modules/ava/entrypoints/cli.mjs');
run('survival', process.execPath, [ava, '--config', 'ava.survival.config.js', ...process.argv.slice(2)]);
