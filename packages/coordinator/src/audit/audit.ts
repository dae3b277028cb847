import type { Anchor } from './anchor.js';
import { auditChain } from './chainAudit.js';
import type { SealKey } from '../server/seal.js';
import type { Finding } from './finding.js';
import { auditSeals } from './sealAudit.js';
import { StepFollower, type StepAudit } from './stepAudit.js';

/** What an audit needs to know of a run beside its journal. */
export interface AuditFacts {
  readonly numSlots: number;
  readonly slotBatchSize: number;
  /** Lines that the journal must have. */
  readonly anchors: readonly Anchor[];
  /** Of the run; without it seals are not checked. */
  readonly sealKey?: SealKey;
  /** Digests that the checkpoints in the store state, by step. */
  readonly checkpoints: readonly {
    readonly name: string;
    readonly globalStep: number;
    readonly digest: string;
  }[];
}

export interface Audit extends Omit<StepAudit, 'checkpoints' | 'findings'> {
  readonly lines: number;
  /** sha256 of the last line. */
  readonly head: string | null;
  /** Lines that bear the seal of the run's key; null: not checked. */
  readonly sealed: number | null;
  /** Anchors that were found in their place. */
  readonly anchored: number;
  /** How many stream positions, from where the run began, were used exactly once where nothing was found. */
  readonly positions: number;
  /** Checkpoints whose digest is the one that the journal has for their step. */
  readonly checkpointsEqual: number;
  readonly findings: readonly Finding[];
}

/**
 * Proves, from the lines of a journal, that each stream position up to where the run stands was used exactly once,
 * and that nobody changed the lines since; or names what is wrong.
 * @param texts lines without their line feeds
 */
export function auditJournal(texts: readonly string[], facts: AuditFacts): Audit {
  const { numSlots, slotBatchSize, anchors } = facts;
  const chain = auditChain(texts, anchors);
  const seals = auditSeals(texts, facts.sealKey);
  const follower = new StepFollower(numSlots, slotBatchSize);
  const suspect = new Set(chain.findings.map(({ line }) => line));
  for (const line of chain.lines) if (!suspect.has(line.line)) follower.add(line);
  const { checkpoints, findings, ...steps } = follower.result();
  const differing = compareCheckpoints(facts.checkpoints, checkpoints);
  return {
    ...steps,
    lines: texts.length,
    sealed: seals.sealed,
    head: chain.hashes.get(texts.length - 1) ?? null,
    anchored: anchors.filter(({ line, hash }) => chain.hashes.get(line) === hash).length,
    positions: (steps.globalStep - (steps.branch?.globalStep ?? 0)) * numSlots * slotBatchSize,
    checkpointsEqual: facts.checkpoints.filter((one) => checkpoints.get(one.globalStep) === one.digest)
      .length,
    // What lines say is of no use where the lines are not those that were written.
    findings: chain.findings.length > 0 ? chain.findings : [...seals.findings, ...findings, ...differing],
  };
}

function compareCheckpoints(
  found: AuditFacts['checkpoints'],
  journaled: ReadonlyMap<number, string>,
): Finding[] {
  return found.flatMap(({ name, globalStep, digest }) => {
    const known = journaled.get(globalStep);
    if (known === undefined || known === digest) return [];
    const detail = `checkpoint ${name} has digest ${digest}, the journal has ${known} for step ${globalStep}`;
    return [{ kind: 'checkpoint', detail }];
  });
}
