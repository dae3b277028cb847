import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { localResources, visibleGpus, type CudaAnswer } from '../src/index.js';
import { scratch } from './fixtures.js';

const H100 = { name: 'H100', uuid: 'GPU-aaaaaaaa-0000', memoryBytes: 80e9 };
const A100 = { name: 'A100', uuid: 'GPU-bbbbbbbb-0000', memoryBytes: 40e9 };
const cuda = (answer?: CudaAnswer) => () => answer;
const both = cuda({ devices: [H100, A100] });

async function devicesOf(t: Parameters<typeof scratch>[0], ...names: string[]): Promise<string> {
  const dir = await scratch(t);
  for (const name of names) await writeFile(join(dir, name), '');
  return dir;
}

test('the list is read as CUDA reads it: up to the first entry that is not there', (t) => {
  t.deepEqual(visibleGpus([0, 1, 2], undefined), [0, 1, 2]);
  t.deepEqual(visibleGpus([0, 1, 2], '2,0'), [2, 0]);
  t.deepEqual(visibleGpus([0, 1, 2], ' 0 , 1'), [0, 1]);
  t.deepEqual(visibleGpus([0, 1, 2], '1,7,0'), [1]);
  t.deepEqual(visibleGpus([0, 1, 2], '1,1'), [1]);
  t.deepEqual(visibleGpus([0, 1, 2], '0,all'), [0]);
  t.deepEqual(visibleGpus([0, 1, 2], '-1'), []);
  t.deepEqual(visibleGpus([0, 1, 2], ''), []);
});

test('identifiers are passed on as they are given', (t) => {
  t.deepEqual(visibleGpus([0, 1], '0,GPU-1'), [0, 'GPU-1']);
  t.deepEqual(visibleGpus([0], 'MIG-aa-bb,MIG-GPU-cc/7/0'), ['MIG-aa-bb', 'MIG-GPU-cc/7/0']);
  t.deepEqual(visibleGpus([], 'GPU-1'), []);
});

test('CUDA counts; device files where it does not answer', async (t) => {
  const one = await devicesOf(t, 'nvidia3', 'nvidiactl', 'nvidia-uvm');
  t.deepEqual(localResources({}, one).gpus, [0]);
  t.deepEqual(localResources({}, one, both).gpus, [0, 1]);
  t.deepEqual(localResources({ CUDA_VISIBLE_DEVICES: '3' }, one).gpus, []);
  t.deepEqual(localResources({}, await devicesOf(t, 'nvidia0', 'nvidia10', 'nvidia2')).gpus, [0, 1, 2]);
  t.deepEqual(localResources({}, await devicesOf(t, 'dxg')).gpus, [0]);
  t.deepEqual(localResources({}, await devicesOf(t, 'sda', 'nvidiactl')).gpus, []);
  t.deepEqual(localResources({}, join(one, 'none')).gpus, []);
});

test('names and memory are CUDA’s, also of a UUID that is cut short', (t) => {
  const env = { CUDA_VISIBLE_DEVICES: 'GPU-bbbb,0' };
  t.like(localResources(env, '/nowhere', both), {
    gpus: ['GPU-bbbb', 0],
    gpuNames: ['A100', 'H100'],
    gpuBytes: [40e9, 80e9],
  });
  const seen: NodeJS.ProcessEnv[] = [];
  localResources({ ...env, PATH: '/bin' }, '/nowhere', (asked) => void seen.push(asked));
  t.deepEqual(seen, [{ PATH: '/bin' }]);
});

test('a GPU that would be left idle is named, unless it was hidden', async (t) => {
  const dir = await devicesOf(t, 'nvidia0');
  const notes = (visible: string, answer?: CudaAnswer) =>
    (localResources({ CUDA_VISIBLE_DEVICES: visible }, dir, cuda(answer)).notes ?? []).join();
  t.regex(notes('0,5', { devices: [H100, A100] }), /names 5, but the GPUs here are 0, 1.*5 is not used/);
  t.regex(notes('GPU-cc,0', { devices: [H100] }), /names GPU-cc.*GPU-cc,0 is not used/);
  t.regex(
    notes('0', { devices: [], problem: 'cuInit says 803' }),
    /1 GPU that CUDA does not use \(cuInit says 803\)/,
  );
  t.is(notes('0,1', { devices: [H100, A100] }), '');
  t.is(notes('', { devices: [H100] }), '');
  t.is(notes('-1', { devices: [H100] }), '');
});

test('in a Slurm step the GPUs are what Slurm granted', async (t) => {
  const dir = await devicesOf(t, 'nvidia0', 'nvidia1', 'nvidia2');
  const step = { SLURM_STEP_ID: '1', SLURM_STEP_GPUS: '2,3', CUDA_VISIBLE_DEVICES: '0,1' };
  t.deepEqual(localResources(step, join(dir, 'none')).gpus, [0, 1]);
  t.deepEqual(localResources({ ...step, CUDA_VISIBLE_DEVICES: 'MIG-a,MIG-b' }, dir).gpus, ['MIG-a', 'MIG-b']);
  t.deepEqual(localResources({ SLURM_STEP_ID: '1' }, dir).gpus, [0, 1, 2]);
});
