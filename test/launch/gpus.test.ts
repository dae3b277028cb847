import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ddpmFleet, scratch } from '../support/cli.js';

/** A CUDA driver library with two GPUs, as far as whoever counts them calls it. */
const LIBRARY = `
#include <stddef.h>
#include <stdio.h>
#include <string.h>
int cuInit(unsigned flags) { return INIT; }
int cuDeviceGetCount(int* count) { *count = 2; return 0; }
int cuDeviceGet(int* device, int i) { *device = i; return 0; }
int cuDeviceGetName(char* name, int size, int device) { snprintf(name, size, "Test GPU %d", device); return 0; }
int cuDeviceGetUuid(unsigned char* uuid, int device) { memset(uuid, 0xa0 + device, 16); return 0; }
int cuDeviceTotalMem_v2(size_t* bytes, int device) { *bytes = (size_t)(device + 1) << 30; return 0; }
`;

function library(init: number): string {
  const dir = scratch();
  const source = join(dir, 'cuda.c');
  writeFileSync(source, LIBRARY);
  execFileSync(process.env['CC'] ?? 'cc', [
    '-shared',
    '-fPIC',
    `-DINIT=${init}`,
    '-o',
    join(dir, 'libcuda.so.1'),
    source,
  ]);
  return dir;
}

interface Dry {
  readonly plan: {
    readonly workers: readonly {
      readonly env: Record<string, string>;
      readonly device: { kind: string; id?: number | string; name?: string; memoryBytes?: number };
    }[];
    readonly notes: readonly string[];
  };
}

async function dryRun(env: NodeJS.ProcessEnv, ...flags: string[]): Promise<Dry['plan']> {
  const args = ['launch', 'configs/quickstart.yaml', '--dry-run', '--json', '--set', 'data.path=/nowhere'];
  const { code, stdout, stderr } = await ddpmFleet([...args, ...flags], { env });
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as Dry).plan;
}

const visible = (plan: Dry['plan']) => plan.workers.map(({ env }) => env['CUDA_VISIBLE_DEVICES']);

const UUID = 'GPU-a1a1a1a1-a1a1-a1a1-a1a1-a1a1a1a1a1a1';

test.serial('the plan follows what CUDA counts and CUDA_VISIBLE_DEVICES', async (t) => {
  const LD_LIBRARY_PATH = library(0);
  const plan = await dryRun({ LD_LIBRARY_PATH });
  t.deepEqual(visible(plan), ['0', '1']);
  t.deepEqual(plan.workers[1]!.device, { kind: 'gpu', id: 1, name: 'Test GPU 1', memoryBytes: 2 ** 31 });
  t.regex(plan.notes.join(), /WARNING: 2 GPUs are left idle, because the installed engine is for CPUs/);
  const cases: Record<string, string[]> = {
    ' 0 , 1': ['0', '1'],
    [UUID]: [UUID],
    '0,GPU-a1': ['0', 'GPU-a1'],
    'MIG-x,MIG-y': ['MIG-x', 'MIG-y'],
    '1,9': ['1'],
  };
  for (const [CUDA_VISIBLE_DEVICES, expected] of Object.entries(cases))
    t.deepEqual(
      visible(await dryRun({ LD_LIBRARY_PATH, CUDA_VISIBLE_DEVICES })),
      expected,
      CUDA_VISIBLE_DEVICES,
    );
  for (const CUDA_VISIBLE_DEVICES of ['', '-1'])
    t.is((await dryRun({ LD_LIBRARY_PATH, CUDA_VISIBLE_DEVICES })).workers[0]!.device.kind, 'cpu');
});

test.serial('fewer workers than GPUs, and a GPU that is not there', async (t) => {
  const LD_LIBRARY_PATH = library(0);
  const few = await dryRun({ LD_LIBRARY_PATH }, '--workers', '1');
  t.regex(few.notes.join(), /WARNING: 1 of 2 GPUs are left idle \(.* GPU 1\): --workers 2 uses all/);
  const [wide, levels] = ['model.ch=512', 'model.chMult=[1,2,2,2]'];
  const big = await dryRun({ LD_LIBRARY_PATH }, '--set', wide!, '--set', levels!);
  t.regex(
    big.notes.join(),
    /WARNING: GPU 0 of .* has 1\.\d+ G.*B and its worker needs about .*slotBatchSize/,
  );
  const absent = await dryRun({ LD_LIBRARY_PATH, CUDA_VISIBLE_DEVICES: 'GPU-b,0' });
  t.is(absent.workers[0]!.device.kind, 'cpu');
  t.regex(absent.notes.join(), /CUDA_VISIBLE_DEVICES names GPU-b, but the GPUs here are 0, 1/);
});

test.serial('a CUDA library without GPUs, or none at all', async (t) => {
  const none = await dryRun({ LD_LIBRARY_PATH: library(100) });
  t.is(none.workers[0]!.device.kind, 'cpu');
  const plain = await dryRun({ CUDA_VISIBLE_DEVICES: undefined });
  t.is(plain.workers[0]!.device.kind, 'cpu');
});
