import type { Command } from 'commander';
import { auditCommand } from './audit.js';
import { benchCommand } from './bench.js';
import { chaosCommand } from './chaos.js';
import { checkpointCommand } from './checkpoint.js';
import { compareCommand } from './compare.js';
import { dataCommand } from './data.js';
import { doctorCommand } from './doctor.js';
import { drainCommand } from './drain.js';
import { emaCommand } from './ema.js';
import { engineCommand } from './engine.js';
import { exportCommand } from './export.js';
import { hostCommand } from './host.js';
import { importCommand } from './import.js';
import { evaluateCommand } from './evaluate.js';
import { interpolateCommand } from './interpolate.js';
import { launchCommand } from './launch.js';
import { coordinatorCommand, workerCommand } from './process.js';
import { replayCommand } from './replay.js';
import { reportCommand } from './report.js';
import { sampleCommand } from './sample.js';
import { statusCommand } from './status.js';

/** Every command, in the order in which help lists them. */
export const commands: readonly (() => Command)[] = [
  launchCommand,
  coordinatorCommand,
  workerCommand,
  statusCommand,
  reportCommand,
  compareCommand,
  auditCommand,
  replayCommand,
  chaosCommand,
  drainCommand,
  checkpointCommand,
  exportCommand,
  importCommand,
  sampleCommand,
  interpolateCommand,
  evaluateCommand,
  emaCommand,
  dataCommand,
  engineCommand,
  doctorCommand,
  hostCommand,
  benchCommand,
];
