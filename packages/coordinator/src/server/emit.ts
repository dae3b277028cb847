import type { Event } from '../machine/index.js';

type WithoutNow<T> = T extends unknown ? Omit<T, 'now'> : never;

/** Something happened; the shell stamps the time. */
export type Emit = (event: WithoutNow<Event>) => void;
