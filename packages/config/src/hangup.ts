import { isatty } from 'node:tty';

/** Whether a person can be at one of the three standard streams; asked at the start, since a closed terminal is none. */
export function hasTerminal(): boolean {
  return [0, 1, 2].some((descriptor) => isatty(descriptor));
}

/**
 * A hangup ends a process whose terminal was closed. Where none is attached (nohup, a service, a lost connection) it
 * does not: Node forgets that its parent had the signal ignored.
 */
export function outliveHangup(onHangup: () => void = () => undefined): void {
  if (!hasTerminal()) process.on('SIGHUP', onHangup);
}
