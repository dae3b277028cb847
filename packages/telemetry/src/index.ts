export {
  EVENTS,
  parseEvent,
  type EventKind,
  type EventOf,
  type RunEvent,
  type StepEvent,
  type TimesEvent,
} from './events.js';
export { Measures, newestTimes } from './measures.js';
export { addParts, goodput, PART_NAMES, PARTS, sumOfParts, type Part, type Parts } from './parts.js';
export { BEGINNING, eventsOf, RunFollower, type RunPosition } from './runFollower.js';
export { followRun, type Following } from './followRun.js';
