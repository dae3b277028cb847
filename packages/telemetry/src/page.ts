import type { EVENTS } from './events.js';
import type { PARTS } from './parts.js';

/** EVENTS.md: every event, and every part of the time. */
export function eventPage(events: typeof EVENTS, parts: typeof PARTS): string {
  const rows = Object.entries(events).map(([kind, { file, says }]) => `| \`${kind}\` | ${file} | ${says} |`);
  return [
    '# Events',
    '',
    'What a run says of itself, a line of JSON each, with `kind` and `at` (ISO 8601, UTC). Decisions are in the journal',
    '(`journal.ndjson`, numbered and hash-chained), measurements in `measures.ndjson` beside it; both only grow, and the',
    'coordinator alone writes them. Kinds that a reader does not know it passes over. The fields are the types of',
    '`src/events.ts`. This page is made by `npm run pages -w @ddpm-fleet/telemetry`.',
    '',
    '| kind | file | what it says |',
    '|---|---|---|',
    ...rows,
    '',
    '## Where the time of workers goes',
    '',
    'Every moment of every worker, from when the coordinator first hears of it, is of exactly one part:',
    '',
    '| part | of a worker that |',
    '|---|---|',
    ...Object.entries(parts).map(([part, says]) => `| \`${part}\` | ${says} |`),
    '',
    'Goodput is the share of compute and exchange in all of it.',
    '',
  ].join('\n');
}
