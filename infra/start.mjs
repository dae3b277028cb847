// `npm start`: from a fresh clone to a trained model and a picture of what it draws. What is done already is skipped.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const started = Date.now();
const runDir = join(root, 'runs', 'quickstart');
const cli = join(root, 'packages', 'cli', 'bin', 'ddpm-fleet.js');
const fleet = (...args) => run(`ddpm-fleet ${args[0]}`, process.execPath, [cli, ...args]);

prepare();
fleet('engine', 'install', '--optional');
fleet('launch', 'configs/quickstart.yaml', '--workers', '2', '--run-dir', runDir, '--resume', 'auto-or-new');
const grid = join(runDir, 'samples.png');
const weights = join(runDir, 'export');
if (!existsSync(grid))
  fleet('sample', runDir, '--count', '64', '--sampler', 'ddim', '--sample-steps', '50', '--out', grid);
if (!existsSync(weights)) fleet('export', runDir, '--format', 'safetensors', '--out', weights);

const minutes = ((Date.now() - started) / 60_000).toFixed(1);
console.log(`
Done in ${minutes} minutes.
  a picture of 64 samples   ${grid}
  exported EMA weights      ${weights}
  checkpoints, journal      ${runDir}

What to try next:
  npx ddpm-fleet status runs/quickstart
  npx ddpm-fleet launch configs/quickstart.yaml --resume auto --steps 2400      train on
  npx ddpm-fleet sample runs/quickstart --sampler ddpm --count 16 --out more.png
  npx ddpm-fleet launch configs/cifar10.yaml --dry-run                          what a big run needs`);
