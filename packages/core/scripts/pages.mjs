// Writes ERRORS.md and NOTES.md from the compiled tables: `npm run pages -w @ddpm-fleet/core` after a build.
import { writeFileSync } from 'node:fs';
import { ERRORS, NOTES } from '../dist/src/index.js';
import { errorPage } from '../dist/src/errors/page.js';
import { notePage } from '../dist/src/notes/page.js';

writeFileSync(new URL('../ERRORS.md', import.meta.url), errorPage(ERRORS));
writeFileSync(new URL('../NOTES.md', import.meta.url), notePage(NOTES));
