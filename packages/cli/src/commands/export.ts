import { Command, Option } from 'commander';
import { exportDiffusers, exportSafetensors } from '@ddpm-fleet/inference';
import { print } from '../output.js';
import { loadTrained } from '../trained.js';

interface ExportFlags {
  readonly format: 'safetensors' | 'diffusers';
  readonly weights?: string;
  readonly out: string;
}

export function exportCommand(): Command {
  return new Command('export')
    .description('write trained weights in a form that other tools read')
    .argument('<target>', 'a run (name or directory) or a checkpoint directory')
    .addOption(
      new Option('--format <format>', 'what to write')
        .choices(['safetensors', 'diffusers'])
        .default('safetensors'),
    )
    .option('--weights <name>', 'ema-DECAY or raw; default: the first EMA of the config')
    .requiredOption('--out <dir>', 'directory to write into')
    .action(run);
}

async function run(target: string, flags: ExportFlags): Promise<void> {
  const { model, loaded, weightsName } = await loadTrained(target, flags.weights);
  const files =
    flags.format === 'diffusers'
      ? await exportDiffusers(model, flags.out)
      : await exportSafetensors(model, loaded, weightsName, flags.out);
  for (const file of files) print(`${weightsName} at step ${loaded.globalStep}: ${file}`);
}
