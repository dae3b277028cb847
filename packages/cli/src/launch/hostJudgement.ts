import { fleetError } from '@ddpm-fleet/core';
import type { GpuId } from '@ddpm-fleet/launcher';
import type { ChosenEngine } from './chooseEngine.js';
import { ownVersion, type HostFacts } from './hostFacts.js';

/** What a host said, or why it said nothing. */
export interface HostAnswer {
  readonly name: string;
  readonly facts?: HostFacts;
  /** By how much its clock is off at least, milliseconds. */
  readonly skewMs?: number;
  readonly problem?: string;
  /** GPUs that the hosts file says it has. */
  readonly gpus?: readonly GpuId[];
  /** What it was asked to reach. */
  readonly address?: string;
}

const FEWEST_DESCRIPTORS = 256;

/** Log times of hosts further apart than this cannot be compared. */
const SKEW_MS = 2000;

/**
 * Whether these hosts can train one run together.
 * @throws DDPM_ERR_HOSTS_UNFIT with every problem of every host
 */
export function judgeHosts(
  answers: readonly HostAnswer[],
  engine: Pick<ChosenEngine, 'kind' | 'version'>,
): { notes: string[] } {
  const problems = answers.flatMap((answer) => problemsOf(answer, engine));
  if (problems.length > 0) throw fleetError('DDPM_ERR_HOSTS_UNFIT', { problems: problems.join('; ') });
  return { notes: [...answers.flatMap(clockNote), ...deviceNote(answers)] };
}

export function problemsOf(
  { name, facts, problem, address, gpus = [] }: HostAnswer,
  engine: Pick<ChosenEngine, 'kind' | 'version'>,
): string[] {
  if (!facts) return [problem ?? `${name} did not answer`];
  const problems: string[] = [];
  if (facts.version !== ownVersion()) {
    problems.push(`${name} has ddpm-fleet ${facts.version}, this host ${ownVersion()}: install the same`);
  }
  const version = facts.engine?.version ?? 'none';
  if (engine.kind === 'tensorflow' && version !== engine.version) {
    problems.push(
      `${name} has TensorFlow ${version}, the run ${engine.version}: run ddpm-fleet engine install there`,
    );
  }
  if (facts.reaches !== undefined && facts.reaches !== 'ok') {
    problems.push(
      `${name} cannot reach this host at ${address ?? 'its address'} (${facts.reaches}): open the port in the firewall, or give an address that it knows (--advertise)`,
    );
  }
  // Which UUIDs a host has is known to it alone.
  const absent = gpus.filter((id) =>
    typeof id === 'number' ? !facts.gpus.includes(id) : facts.gpus.length === 0,
  );
  if (absent.length > 0) {
    problems.push(`${name} has no GPU ${absent.join(', ')}: look at nvidia-smi there, or leave gpus= out`);
  }
  if (facts.descriptors < FEWEST_DESCRIPTORS) {
    problems.push(`${name} allows ${facts.descriptors} open files: raise it, e.g. ulimit -n 4096`);
  }
  return problems;
}

export function clockNote({ name, skewMs = 0 }: HostAnswer): string[] {
  if (skewMs < SKEW_MS) return [];
  const seconds = Math.round(skewMs / 1000);
  return [
    `${name}: its clock is ${seconds} s off; training does not mind, log times do. Switch NTP on there.`,
  ];
}

/** Bits are equal on devices of one kind only. */
function deviceNote(answers: readonly HostAnswer[]): string[] {
  const kinds = new Set(answers.flatMap(({ facts }) => (facts ? [facts.gpuNames[0] ?? 'CPU'] : [])));
  if (kinds.size <= 1) return [];
  return [
    `The hosts compute on unlike devices (${[...kinds].join('; ')}): the coordinator refuses all but the first kind, unless --allow-unlike is given.`,
  ];
}
