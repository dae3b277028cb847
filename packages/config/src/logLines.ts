import type { EventEmitter } from 'node:events';

/**
 * For `pino.destination`: lines that a full disk does not take wait for room, this many bytes of them. Written at once,
 * because the last lines of a process that is killed are the ones that matter.
 */
export const LOG_LINES = { sync: true, maxLength: 1 << 20 };

/** A log that cannot be written must not end the run it tells of, as it would where nobody listens for that. */
export function outliveLog<T extends EventEmitter>(destination: T): T {
  return destination.on('error', () => undefined);
}
