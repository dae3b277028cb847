import type { ClaimRole } from './claimRecord.js';
import type { Here } from './here.js';

export interface ClaimOptions {
  /** Of the run, for messages. */
  readonly runDir: string;
  /** Where the claims lie. */
  readonly directory: string;
  readonly role: ClaimRole;
  /** Told once that it takes a while to see whether the one before still owns the run. */
  readonly onWait?: (text: string) => void;
  readonly expiryMs?: number;
  readonly renewMs?: number;
  /** Default: this process. */
  readonly here?: Here;
}
