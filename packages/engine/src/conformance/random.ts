import { drawInt, drawNormal, drawUniform, imageAddress, u64Pair } from '@ddpm-fleet/core';
import type { HostArray, ModuleSpec, ProgramSpec, RandomAt, RandomOps } from '../engine.js';
import { isClose, withModule, type Case } from './suite.js';

const address = {
  seed: { shape: [1], dtype: 'int32' },
  position: { shape: [2], dtype: 'int32' },
  stream: { shape: [2], dtype: 'int32' },
} as const;

/** Per image: one block exactly, a padded block, many blocks, and less than a block. */
const SHAPES: readonly (readonly number[])[] = [[3, 4], [2, 3, 3], [5, 4, 4, 3], [7]];

function drawing(
  purpose: number,
  streamed: boolean,
  draw: (random: RandomOps, at: RandomAt, i: number) => ReturnType<RandomOps['uniform']>,
): ProgramSpec {
  return {
    inputs: address,
    body: ({ input, random }) => {
      const at = {
        seed: input('seed'),
        purpose,
        position: input('position'),
        ...(streamed ? { stream: input('stream') } : {}),
      };
      return { outputs: Object.fromEntries(SHAPES.map((_, i) => [`draw${i}`, draw(random, at, i)])) };
    },
  };
}

const INT_RANGE = 1000;

const draws: ModuleSpec = {
  name: 'draws',
  variables: {},
  programs: {
    uniform: drawing(1, false, (random, at, i) => random.uniform(at, SHAPES[i]!)),
    uniformInStream: drawing(4_000_000_000, true, (random, at, i) => random.uniform(at, SHAPES[i]!)),
    normal: drawing(2, true, (random, at, i) => random.normal(at, SHAPES[i]!)),
    int: drawing(3, false, (random, at, i) => random.int(at, SHAPES[i]!, INT_RANGE)),
  },
};

interface Place {
  readonly seed: number;
  readonly position: bigint;
  readonly stream: bigint;
}

/** Among them what overflows int32 in each word, and a counter that carries into its high word. */
const PLACES: readonly Place[] = [
  { seed: 0, position: 0n, stream: 0n },
  { seed: 4_000_000_000, position: 123_456_789_012n, stream: 77n },
  { seed: 7, position: 4_294_967_294n, stream: 0xffff_ffff_ffffn },
  { seed: 7, position: 357_913_941n, stream: 1n },
];

function inputsOf({ seed, position, stream }: Place): Record<string, HostArray> {
  return { seed: new Int32Array([seed | 0]), position: u64Pair(position), stream: u64Pair(stream) };
}

type HostDraw = (at: ReturnType<typeof imageAddress>, images: number, each: number) => HostArray;

function expected(
  place: Place,
  purpose: number,
  streamed: boolean,
  shape: readonly number[],
  draw: HostDraw,
): HostArray {
  const each = shape.slice(1).reduce((product, n) => product * n, 1);
  const at = imageAddress(place.seed, purpose, place.position, each, streamed ? place.stream : 0n);
  return draw(at, shape[0]!, each);
}

function drawCase(
  title: string,
  program: string,
  purpose: number,
  streamed: boolean,
  draw: HostDraw,
  tolerance: number,
): Case {
  return {
    title,
    run: (t, engine) =>
      withModule(engine, draws, (module) => {
        for (const place of PLACES) {
          const drawn = module.run(program, inputsOf(place));
          SHAPES.forEach((shape, i) => {
            const wanted = expected(place, purpose, streamed, shape, draw);
            const got = drawn[`draw${i}`]!;
            const where = `seed ${place.seed}, position ${place.position}, shape [${shape.join(', ')}]`;
            if (tolerance === 0) t.deepEqual(got, wanted, where);
            else t.true(isClose(got, wanted, tolerance), where);
          });
        }
      }),
  };
}

export const randomCases: readonly Case[] = [
  drawCase('uniform draws have the bits of the core', 'uniform', 1, false, drawUniform, 0),
  drawCase(
    'uniform draws of a stream have the bits of the core',
    'uniformInStream',
    4_000_000_000,
    true,
    drawUniform,
    0,
  ),
  drawCase(
    'integer draws have the bits of the core',
    'int',
    3,
    false,
    (at, n, each) => drawInt(at, n, each, INT_RANGE),
    0,
  ),
  drawCase('normal draws are those of the core to 1e-6', 'normal', 2, true, drawNormal, 1e-6),
  {
    title: 'draws do not depend on how the batch is cut',
    run: (t, engine) =>
      withModule(engine, draws, (module) => {
        const size = 3 * 3;
        const both = module.run('normal', inputsOf({ seed: 5, position: 10n, stream: 0n }))['draw1']!;
        const second = module.run('normal', inputsOf({ seed: 5, position: 11n, stream: 0n }))['draw1']!;
        t.deepEqual(second.slice(0, size), both.slice(size));
      }),
  },
];
