// `npm run gpu:placements`: every program of every config, in every precision, held against the kernels of TensorFlow's
// CUDA build. Needs Python with pip, and no GPU. Fails where a node has no kernel for GPUs, where something is computed
// or copied on the host in a call, or where test/golden/cuda-kernels.json (what `npm test` uses) is another registry.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root } from '../prepare.mjs';

prepare();
const { placeNodes } = await import('../../packages/engine/dist/src/placement/index.js');
const { cudaRegistry, VERSION } = await import('./registry.mjs');
const { configNames, programsOf } = await import('../../test/dist/support/programs.js');

const GOLDEN = join(root, 'test/golden/cuda-kernels.json');
const registry = cudaRegistry();
const used = new Set();
const rows = [];
let faults = 0;

for (const config of configNames()) {
  for (const precision of ['float32', 'bfloat16']) {
    for (const [program, nodes] of Object.entries(programsOf(config, precision))) {
      for (const { op } of nodes) used.add(op);
      rows.push(rowOf(config, precision, program, placeNodes(nodes, registry)));
    }
  }
}

const columns = ['config', 'precision', 'program', 'nodes', 'launches', 'GB', 'no kernel', 'on the host', 'host inputs', 'copies']; // prettier-ignore
console.log(`| ${columns.join(' | ')} |\n|${columns.map(() => '---|').join('')}`);
for (const row of rows) console.log(`| ${row.join(' | ')} |`);
compareGolden();
console.log(
  faults === 0
    ? `\n${rows.length} programs: every node has a kernel for GPUs in TensorFlow ${VERSION}, and no call computes or copies on the host`
    : `\n${faults} faults`,
);
process.exitCode = faults === 0 ? 0 : 1;

function rowOf(config, precision, program, placement) {
  const { nodes, launches, missing, onHost, hostInputs, copies, bytes } = placement;
  const bad = [missing, onHost, hostInputs, copies];
  for (const counts of bad)
    for (const [what, count] of counts) {
      faults++;
      console.error(`${config} ${precision} ${program}: ${what} ${count}`);
    }
  return [config, precision, program, nodes, sum(launches), (bytes / 1e9).toFixed(2), ...bad.map(sum)];
}

function sum(counts) {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

/** `--write` renews it. */
function compareGolden() {
  const names = [...used].sort();
  const kept = Object.fromEntries(names.map((op) => [op, registry[op]]));
  const text = `{\n${names.map((op) => `  ${JSON.stringify(op)}: ${JSON.stringify(kept[op])}`).join(',\n')}\n}\n`;
  if (process.argv.includes('--write')) writeFileSync(GOLDEN, text);
  const golden = JSON.parse(readFileSync(GOLDEN, 'utf8'));
  for (const op of names) {
    if (JSON.stringify(golden[op]) === JSON.stringify(kept[op])) continue;
    faults++;
    console.error(`test/golden/cuda-kernels.json has other kernels of ${op}: run with --write`);
  }
}
