import { createHash } from 'node:crypto';
import { LIMITS } from '@ddpm-fleet/protocol';

const KEPT = 64;
/** JSON escapes make a line longer on the wire than it is here. */
const WIRE_BYTES = LIMITS.controlBytes / 2;

/** The journal lines that came with the last commits that this worker applied: what a coordinator that lost its tail asks for. */
export class CommitLog {
  #commits: { readonly globalStep: number; readonly lines: readonly string[] }[] = [];

  /** sha256 (hex) of the newest commit's last line, or null where there is none. */
  get head(): string | null {
    const last = this.#commits.at(-1)?.lines.at(-1);
    return last === undefined ? null : createHash('sha256').update(last).digest('hex');
  }

  add(globalStep: number, lines: readonly string[]): void {
    this.#commits.push({ globalStep, lines });
    if (this.#commits.length > KEPT) this.#commits.shift();
  }

  /** Lines of commits of steps >= `from`, in order; those of the newest that fit in one message. */
  since(from: number): string[] {
    const kept: (readonly string[])[] = [];
    let sizeBytes = 0;
    for (const { globalStep, lines } of this.#commits.toReversed()) {
      sizeBytes += lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
      if (globalStep < from || sizeBytes > WIRE_BYTES) break;
      kept.unshift(lines);
    }
    return kept.flat();
  }

  clear(): void {
    this.#commits = [];
  }
}
