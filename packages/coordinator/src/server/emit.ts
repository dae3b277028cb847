import type { DataFrame } from '@ddpm-fleet/protocol';
import type { Event } from '../machine/index.js';

type WithoutNow<T> = T extends unknown ? Omit<T, 'now'> : never;

/** Something happened; the shell stamps the time. `frame`: of a `frame` event, for the effects of that event. */
export type Emit = (event: WithoutNow<Event>, frame?: DataFrame) => void;
