export { readHeadFile, type Anchor } from './anchor.js';
export { auditJournal, type Audit, type AuditFacts } from './audit.js';
export type { Finding, FindingKind } from './finding.js';
export type { WorkerShare } from './workerTally.js';
