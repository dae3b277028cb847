import { engineStatus, installEngine } from '@ddpm-fleet/engine';
import { isFleetError } from '@ddpm-fleet/core';
import { Command, Option } from 'commander';
import { jsonOption } from '../options.js';
import { bytes, note, print, printJson } from '../output.js';

interface InstallFlags {
  readonly variant?: 'cpu' | 'cuda';
  readonly from?: string;
  readonly force?: boolean;
  readonly optional?: boolean;
}

export function engineCommand(): Command {
  const engine = new Command('engine').description(
    'the TensorFlow that training runs on: install it, look at it',
  );
  engine
    .command('install')
    .description('find or fetch libtensorflow, build the addon, verify it by running an op, and cache it')
    .addOption(
      new Option('--variant <variant>', 'which build; default: what this machine has').choices([
        'cpu',
        'cuda',
      ]),
    )
    .option(
      '--from <dir>',
      'a directory that holds libtensorflow_cc and its headers, e.g. of a Python TensorFlow',
    )
    .option('--force', 'install again over what is there')
    .option('--optional', 'where it cannot be installed, say why and exit with 0: runs then use WebAssembly')
    .action(install);
  engine
    .command('status')
    .description('what is installed, and what it runs on')
    .addOption(jsonOption())
    .action(status);
  return engine;
}

async function install(flags: InstallFlags): Promise<void> {
  try {
    const installed = await installEngine({
      ...(flags.variant ? { variant: flags.variant } : {}),
      ...(flags.from ? { from: flags.from } : {}),
      force: flags.force === true,
      onProgress: note,
    });
    print(`engine: TensorFlow ${installed.version} (${installed.variant}) in ${installed.dir}`);
  } catch (error) {
    if (!flags.optional || !isFleetError(error)) throw error;
    note(`The fast engine cannot be installed here: ${error.message}`);
    note('Going on with WebAssembly, which is tens of times slower.');
  }
}

async function status(flags: { json?: boolean }): Promise<void> {
  const facts = await engineStatus();
  if (flags.json) return printJson(facts);
  const { engine, probe, gpus, cores, node, tfjsVersion, enginesDir } = facts;
  print(
    engine
      ? `engine     TensorFlow ${engine.version} (${engine.variant}) in ${engine.dir}`
      : `engine     none in ${enginesDir}; runs use WebAssembly. Install one: ddpm-fleet engine install`,
  );
  if (engine)
    print(`from       ${engine.source}, ${bytes(engine.sizeBytes)}, installed ${engine.installedAt}`);
  if (probe) print(`loads      ${JSON.stringify(probe)}`);
  print(`GPUs       ${gpus.length ? gpus.map((gpu) => JSON.stringify(gpu)).join(', ') : 'none seen'}`);
  print(`host       ${cores} cores, Node ${node}, TensorFlow.js ${tfjsVersion}`);
}
