import { checkSeals, type SealKey } from '../server/seal.js';
import type { Finding } from './finding.js';

export interface SealAudit {
  /** Lines that bear the seal of the run's key; null where there is no key to check them with. */
  readonly sealed: number | null;
  readonly findings: readonly Finding[];
}

/** Whether the lines bear the seal, from the last one on that says that it begins anew. */
export function auditSeals(texts: readonly string[], key: SealKey | undefined): SealAudit {
  if (!key) return { sealed: null, findings: [] };
  const { sealed, broken } = checkSeals(texts, key);
  if (broken === undefined) return { sealed, findings: [] };
  const detail = `line ${broken} does not bear the seal of the run's key: it was written by somebody else`;
  return { sealed, findings: [{ kind: 'seal', line: broken, detail }] };
}
