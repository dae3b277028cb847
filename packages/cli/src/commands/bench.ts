import { Command, Option } from 'commander';
import { availableParallelism } from 'node:os';
import { benchCurve, SHAPES } from '../bench/curve.js';
import { benchDistance, type DistanceBenchRequest } from '../bench/distance.js';
import { runDistanceChild } from '../bench/distanceChild.js';
import { benchFleet, type FleetBenchRequest } from '../bench/fleet.js';
import { benchOverhead, type OverheadBenchRequest } from '../bench/overhead.js';
import { benchSampling, type SamplingBenchRequest } from '../bench/sampling.js';
import { runSamplingChild, type SamplingChildRequest } from '../bench/samplingChild.js';
import { benchStart, runStartChild, type StartBenchRequest } from '../bench/start.js';
import { benchStep, type StepBenchRequest } from '../bench/step.js';
import { runStepChild, type StepChildRequest } from '../bench/stepChild.js';
import { jsonOption, positiveInteger } from '../options.js';

export function benchCommand(): Command {
  const bench = new Command('bench').description('measure this machine: ratios of interleaved runs');
  bench
    .command('step')
    .description(
      'a whole training step (forward, backward, clip, Adam, EMA): compiled, eager, as plain tfjs, PyTorch',
    )
    .option('--channels <n>', 'base width of the UNet', positiveInteger, 64)
    .option('--batch <n>', 'images a step', positiveInteger, 16)
    .option('--size <n>', 'images are n x n', positiveInteger, 32)
    .option('--image-channels <n>', '1 or 3', positiveInteger, 3)
    .option('--threads <n>', 'threads; default: all cores', positiveInteger, availableParallelism())
    .option('--rounds <n>', 'interleaved rounds', positiveInteger, 6)
    .addOption(
      new Option('--precision <p>', 'of convolutions').choices(['float32', 'bfloat16']).default('float32'),
    )
    .option('--pytorch <python>', 'a Python that has torch, to compare with')
    .option('--no-eager', 'leave the eager and the plain step out')
    .addOption(jsonOption())
    .action((flags: StepBenchRequest) => benchStep(flags));
  bench
    .command('fleet')
    .description('a local fleet, everything included (exchange, journal, checkpoints), beside PyTorch DDP')
    .option('--channels <n>', 'base width of the UNet', positiveInteger, 64)
    .option('--images <n>', 'images a step, over all workers', positiveInteger, 32)
    .option('--workers <n>', 'workers of one thread each', positiveInteger, 2)
    .option('--steps <n>', 'timed steps a round', positiveInteger, 8)
    .option('--rounds <n>', 'interleaved rounds', positiveInteger, 6)
    .option('--pytorch <python>', 'a Python that has torch, to compare with')
    .addOption(jsonOption())
    .action((flags: FleetBenchRequest) => benchFleet(flags));
  addCurve(bench);
  addStart(bench);
  addOverhead(bench);
  addSampling(bench);
  addDistance(bench);
  bench
    .command('step-child', { hidden: true })
    .argument('<request>')
    .action((request: string) => runStepChild(JSON.parse(request) as StepChildRequest));
  return bench;
}

function addStart(bench: Command): void {
  bench
    .command('start')
    .description(
      'what a worker does before its first step, and its memory: engine, trace, first call, restart',
    )
    .argument('[config]', 'whose model it is', 'configs/quickstart.yaml')
    .option('--slot-batch-size <n>', 'images a call; default: the config’s', positiveInteger)
    .option('--steps <n>', 'memory is looked at again after so many', positiveInteger, 20)
    .addOption(jsonOption())
    .action((config: string, flags: Omit<StartBenchRequest, 'config'>) => benchStart({ config, ...flags }));
  bench
    .command('start-child', { hidden: true })
    .argument('<request>')
    .action((request: string) => runStartChild(JSON.parse(request) as StartBenchRequest));
}

function addOverhead(bench: Command): void {
  bench
    .command('overhead')
    .description('what exactness costs a local fleet: leases, journal, digests and fingerprints, of a step')
    .argument('[config]', 'whose model it is; the images are made up', 'configs/quickstart.yaml')
    .option('--workers <n>', 'workers of one thread each', positiveInteger, 2)
    .option('--steps <n>', 'timed steps', positiveInteger, 30)
    .option('--rounds <n>', 'runs, each beside one without digests', positiveInteger, 3)
    .addOption(jsonOption())
    .action((config: string, flags: Omit<OverheadBenchRequest, 'config'>) =>
      benchOverhead({ config, ...flags }),
    );
}

function addSampling(bench: Command): void {
  bench
    .command('sampling')
    .description(
      'images a second of DDPM 1000, DDIM 50 and DPM-Solver++ 20, beside op by op and diffusers with the same weights',
    )
    .argument('[config]', 'whose model it is', 'configs/quickstart.yaml')
    .option('--channels <n>', 'instead: the UNet of Ho et al. at this width, 32x32', positiveInteger)
    .option('--batch <n>', 'images a call', positiveInteger, 16)
    .option('--threads <n>', 'threads; default: all cores', positiveInteger, availableParallelism())
    .option('--timed <n>', 'steps of each chain that are timed', positiveInteger, 10)
    .option('--rounds <n>', 'interleaved rounds', positiveInteger, 6)
    .option('--eager', 'compare with the same op by op')
    .option('--pytorch <python>', 'a Python that has torch and diffusers, to compare with')
    .addOption(jsonOption())
    .action((config: string, flags: Omit<SamplingBenchRequest, 'config'>) =>
      benchSampling({ config, ...flags }),
    );
  bench
    .command('sampling-child', { hidden: true })
    .argument('<request>')
    .action((request: string) => runSamplingChild(JSON.parse(request) as SamplingChildRequest));
}

function addDistance(bench: Command): void {
  bench
    .command('distance')
    .description('seconds of one Frechet distance by features, beside the square root of scipy')
    .argument('[features...]', 'how many', [512, 1024, 2048])
    .option('--threads <n>', 'threads; default: all cores', positiveInteger, availableParallelism())
    .option('--rounds <n>', 'interleaved rounds', positiveInteger, 3)
    .addOption(
      new Option('--engine <kind>', 'what computes').choices(['tensorflow', 'wasm']).default('tensorflow'),
    )
    .option('--pytorch <python>', 'a Python that has scipy, to compare with')
    .addOption(jsonOption())
    .action((features: (string | number)[], flags: Omit<DistanceBenchRequest, 'features'>) =>
      benchDistance({ ...flags, features: features.map((one) => positiveInteger(String(one))) }),
    );
  bench
    .command('distance-child', { hidden: true })
    .argument('<engine>')
    .argument('<threads>')
    .action((engine: 'tensorflow' | 'wasm', threads: string) => runDistanceChild(engine, Number(threads)));
}

function addCurve(bench: Command): void {
  bench
    .command('curve')
    .description('what encryption costs: runs of two workers, plain and with CURVE, in turn')
    .addOption(new Option('--shape <name>', 'only this one').choices(SHAPES.map(({ name }) => name)))
    .option('--rounds <n>', 'runs of each', positiveInteger, 2)
    .addOption(jsonOption())
    .action(({ shape, ...flags }: { shape?: string; rounds: number; json?: boolean }) =>
      benchCurve({ ...flags, shapes: SHAPES.filter(({ name }) => shape === undefined || name === shape) }),
    );
}
