// `npm run test:attacks`: the long form of what `npm test` does in short, a million fuzzed frames through the decoders
// and every attack on a live coordinator at full size.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

prepare();
run(
  'attacks',
  process.execPath,
  [
    join(root, 'node_modules/ava/entrypoints/cli.mjs'),
    'test/dist/attacks/*.test.js',
    'packages/protocol/dist/test/fuzz.test.js',
  ],
  { env: { ...process.env, DDPM_FLEET_ATTACKS: 'long', DDPM_FLEET_FUZZ_CASES: '500000' } },
);
