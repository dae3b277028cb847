import type { StateSection } from '../control/messages.js';

/** Elements of a state chunk: 1 MiB of float32. */
export const STATE_CHUNK = 1 << 18;

/** Where a chunk lies in its section: elements [start, end). */
export function chunkSpan(section: StateSection, chunk: number): { start: number; end: number } {
  const start = chunk * STATE_CHUNK;
  return { start, end: Math.min(start + STATE_CHUNK, section.count) };
}

/** Chunks of a section; an empty section has none. */
export function chunksOf(section: StateSection): number {
  return Math.ceil(section.count / STATE_CHUNK);
}
