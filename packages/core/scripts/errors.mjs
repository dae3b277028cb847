// Writes ERRORS.md from the compiled table of errors: `npm run errors -w @ddpm-fleet/core` after a build.
import { writeFileSync } from 'node:fs';
import { ERRORS } from '../dist/src/index.js';
import { errorPage } from '../dist/src/errors/page.js';

writeFileSync(new URL('../ERRORS.md', import.meta.url), errorPage(ERRORS));
