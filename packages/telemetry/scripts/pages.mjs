// Writes EVENTS.md from the compiled tables: `npm run pages -w @ddpm-fleet/telemetry` after a build.
import { writeFileSync } from 'node:fs';
import { EVENTS, PARTS } from '../dist/src/index.js';
import { eventPage } from '../dist/src/page.js';

writeFileSync(new URL('../EVENTS.md', import.meta.url), eventPage(EVENTS, PARTS));
