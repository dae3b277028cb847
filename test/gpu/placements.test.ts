import test from 'ava';
import { placeNodes } from '@ddpm-fleet/engine/placement';
import { cudaKernels, programsOf } from '../support/programs.js';

const registry = cudaKernels();

/** With dropout and flips; with labels, guidance and their drop. */
for (const [name, precision] of [
  ['quickstart', 'float32'],
  ['quickstart', 'bfloat16'],
  ['zoubohao-guided', 'float32'],
] as const) {
  test(`${name} in ${precision}: all of it runs on a GPU, and a call computes and copies nothing on the host`, (t) => {
    for (const [program, nodes] of Object.entries(programsOf(name, precision))) {
      const { missing, onHost, hostInputs, copies, launches } = placeNodes(nodes, registry);
      t.deepEqual([...missing, ...onHost, ...hostInputs, ...copies], [], program);
      t.is(launches.size > 0, !/copy|push|stage/.test(program), program);
    }
  });
}

/** Of kernels that a slot of CIFAR-10 launches; what raises it must say why. */
test('the kernels of a CIFAR-10 slot are counted', (t) => {
  const { launches } = placeNodes(programsOf('cifar10', 'float32')['trainer/slot']!, registry);
  t.is(
    [...launches.values()].reduce((sum, count) => sum + count, 0),
    3685,
  );
});
