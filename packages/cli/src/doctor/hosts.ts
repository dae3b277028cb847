import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readHosts, type HostLine } from '@ddpm-fleet/launcher';
import { chooseEngine } from '../launch/chooseEngine.js';
import { clockNote, problemsOf, type HostAnswer } from '../launch/hostJudgement.js';
import type { HostFacts } from '../launch/hostFacts.js';
import { answerFile } from '../launch/sharedProbe.js';
import { askHosts, sshMeeting, sshOptions } from '../launch/venues/ssh.js';
import type { Check } from './check.js';

export interface HostsFlags {
  readonly hosts: string;
  readonly sshConfig?: string;
  readonly advertise?: string;
  readonly port?: number;
  /** A directory that every host should see and may write. */
  readonly shared?: string;
}

/** One line a host: whether it can be reached, has what this host has, and reaches this host. */
export async function checkHosts(flags: HostsFlags): Promise<Check[]> {
  const lines = readHosts(flags.hosts);
  const probe = flags.shared === undefined ? undefined : leaveProbe(flags.shared);
  try {
    const meeting = await sshMeeting(lines, flags);
    const asked = { address: meeting.address, port: meeting.port, ...(probe && { see: probe }) };
    const answers = await askHosts(lines, sshOptions(lines, flags.sshConfig), 1, asked);
    const engine = chooseEngine('auto');
    return answers.flatMap((answer, i) => checksOf(lines[i]!, answer, engine, probe));
  } finally {
    if (probe)
      for (const line of ['', ...lines.map(({ name }) => name)])
        rmSync(answerFile(probe, line), { force: true });
  }
}

function checksOf(
  line: HostLine,
  answer: HostAnswer,
  engine: ReturnType<typeof chooseEngine>,
  probe: string | undefined,
): Check[] {
  const name = `host ${line.name}`;
  const problems = problemsOf(answer, engine);
  if (!answer.facts) return [{ name, ok: false, detail: problems.join('; ') }];
  const [clock] = clockNote(answer);
  return [
    { name, ok: problems.length === 0, detail: problems.join('; ') || describe(answer.facts) },
    {
      name: `${name} clock`,
      ok: clock === undefined,
      detail: clock ?? `within ${((answer.skewMs ?? 0) / 1000).toFixed(1)} s of this host's`,
    },
    ...(probe === undefined ? [] : [sharedCheck(name, answer.facts, probe, line)]),
  ];
}

function describe({ node, version, cores, gpuNames, driver, engine, descriptors }: HostFacts): string {
  const gpus = gpuNames.length > 0 ? `${gpuNames.join(', ')}, driver ${driver ?? 'unknown'}` : 'no GPU';
  const tensorflow = engine ? `TensorFlow ${engine.version} (${engine.variant})` : 'WebAssembly only';
  return `Node ${node}, ddpm-fleet ${version}, ${cores} cores, ${gpus}, ${tensorflow}, ${descriptors} descriptors`;
}

/** Both ways: it reads what was written here, and what it wrote is read here. */
function sharedCheck(name: string, facts: HostFacts, probe: string, { name: host }: HostLine): Check {
  const detail = facts.sees === 'ok' ? readBack(answerFile(probe, host)) : (facts.sees ?? 'it did not look');
  return {
    name: `${name} shared`,
    ok: detail === 'ok',
    detail: detail === 'ok' ? 'reads and writes the shared directory' : detail,
    remedy: 'Mount the same file system there, writable for the same user.',
  };
}

function leaveProbe(dir: string): string {
  mkdirSync(dir, { recursive: true });
  const probe = join(dir, `.ddpm-doctor-${process.pid}`);
  writeFileSync(probe, 'probe');
  return probe;
}

function readBack(file: string): string {
  try {
    return readFileSync(file, 'utf8') === 'probe' ? 'ok' : `${file} holds something else`;
  } catch {
    return 'what it wrote does not show here';
  }
}
