import { spawn } from 'node:child_process';
import type { Reach } from '@ddpm-fleet/launcher';
import type { HostFacts } from './hostFacts.js';
import type { HostAnswer } from './hostJudgement.js';

const ASK_MS = 30_000;

/** What `ddpm-fleet host` at the end of a command says. */
export async function ask(
  host: string,
  { command, args }: Reach,
  explain: (host: string, words: string) => string,
): Promise<Pick<HostAnswer, 'facts' | 'skewMs' | 'problem'>> {
  const askedAt = Date.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: ASK_MS });
  let [out, words] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => (words += error.message)).once('close', resolve);
  });
  if (code !== 0) {
    return { problem: explain(host, words || `it did not answer within ${ASK_MS / 1000} s`) };
  }
  const facts = JSON.parse(out) as HostFacts;
  // It said its time after it was asked and before it was heard: what lies outside is the clock's fault.
  const skewMs = Math.max(askedAt - facts.time, facts.time - Date.now(), 0);
  return { facts, skewMs };
}
