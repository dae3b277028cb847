export type { CoordinatorObserver, CoordinatorOptions } from './options.js';
export { runCoordinator, startCoordinator, type RunningCoordinator } from './run.js';
export type { RunOutcome, StepMetrics } from './machine/index.js';
export type { Addresses, LiveStatus } from './server/live.js';
export {
  formatLine,
  GENESIS,
  hashLine,
  parseLine,
  type JournaledEntry,
  type JournaledStep,
  type JournalLine,
} from './server/journalLine.js';
export { sealLine, type SealKey } from './server/seal.js';
export { makeSealKey, readSealKey } from './server/sealFile.js';
export { parseCheckpoint, readRun, readServerKeys } from './runDirectory.js';
export {
  auditJournal,
  readHeadFile,
  type Anchor,
  type Audit,
  type AuditFacts,
  type Finding,
  type FindingKind,
  type WorkerShare,
} from './audit/index.js';
export {
  assertFree,
  claimRun,
  type Claim,
  type ClaimOptions,
  type ClaimRole,
  type Here,
} from './claim/index.js';
