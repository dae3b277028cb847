import { createReadStream } from 'node:fs';
import { openStore } from '@ddpm-fleet/checkpoint';
import { loadConfig, runPaths } from '@ddpm-fleet/config';
import {
  auditJournal,
  readHeadFile,
  readSealKey,
  type Anchor,
  type Audit,
  type AuditFacts,
  type Finding,
} from '@ddpm-fleet/coordinator';
import { fleetError } from '@ddpm-fleet/core';
import { readLive } from '../launch/live.js';
import { readRecord } from '../launch/runDirectory.js';
import { storeOf } from '../target.js';

export interface RunAudit extends Audit {
  readonly runDir: string;
  readonly isLive: boolean;
  /** Images of an epoch. */
  readonly datasetSize: number;
  readonly epochs: number;
  /** Checkpoints whose every byte was read and is whole. */
  readonly checkpointsWhole: number;
  /** Bytes after the last line feed: a line that a crash cut short. Nobody was told of it. */
  readonly unfinishedBytes: number;
}

/** @throws DDPM_ERR_AUDIT_JOURNAL, DDPM_ERR_STORE_* */
export async function auditRun(runDir: string): Promise<RunAudit> {
  const paths = runPaths(runDir);
  // What the journal must have is read first: a run that goes on adds to it meanwhile.
  const head = readHeadFile(paths.journalHead);
  const saved = await inspectCheckpoints(runDir);
  const { texts, unfinishedBytes } = await readLines(paths.journal);
  const { batch } = loadConfig({ file: paths.config, env: {} });
  const anchors = [...(head ? [head] : []), ...saved.anchors];
  const sealKey = readSealKey(paths.sealKey);
  const facts = { ...batch, anchors, checkpoints: saved.checkpoints, ...(sealKey && { sealKey }) };
  const audit = auditJournal(texts, facts);
  const { datasetSize } = readRecord(runDir)!;
  return {
    ...audit,
    runDir,
    isLive: readLive(runDir) !== undefined,
    datasetSize,
    epochs: audit.positions / datasetSize,
    checkpointsWhole: saved.checkpoints.length,
    unfinishedBytes,
    findings: [...audit.findings, ...saved.findings],
  };
}

interface Inspected {
  readonly anchors: Anchor[];
  readonly checkpoints: AuditFacts['checkpoints'][number][];
  readonly findings: Finding[];
}

async function inspectCheckpoints(runDir: string): Promise<Inspected> {
  const store = openStore(storeOf(runDir));
  const manifests = new Map((await store.list()).map(({ name, manifest }) => [name, manifest]));
  const { identityHash } = readRecord(runDir)!;
  const inspected: Inspected = { anchors: [], checkpoints: [], findings: [] };
  for (const { name, globalStep, problem } of await store.verify()) {
    const manifest = manifests.get(name);
    if (problem !== undefined || !manifest) {
      const detail = `checkpoint ${name} is damaged: ${problem ?? 'its manifest cannot be read'}`;
      inspected.findings.push({ kind: 'checkpoint', detail });
    } else if (manifest.meta.identityHash === identityHash) {
      const { journalHead } = manifest.meta;
      inspected.checkpoints.push({ name, globalStep, digest: manifest.digest });
      if (journalHead) inspected.anchors.push({ source: `checkpoint ${name}`, ...journalHead });
    }
  }
  return inspected;
}

/** Line by line, because a long run's journal may be larger than a string can be. */
async function readLines(path: string): Promise<{ texts: string[]; unfinishedBytes: number }> {
  const texts: string[] = [];
  let rest = '';
  try {
    for await (const chunk of createReadStream(path, 'utf8')) {
      const pieces = (rest + (chunk as string)).split('\n');
      rest = pieces.pop()!;
      texts.push(...pieces);
    }
  } catch (cause) {
    throw fleetError('DDPM_ERR_AUDIT_JOURNAL', { path, reason: (cause as Error).message }, { cause });
  }
  return { texts, unfinishedBytes: Buffer.byteLength(rest) };
}
