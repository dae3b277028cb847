// `npm run test:hangs`: the ways in which a launch over several hosts usually hangs, with a real sshd and two hosts;
// says what the user reads, and after how many seconds. Needs root, sshd and libfaketime, and says what it skips.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

prepare();
run(
  'hangs',
  process.execPath,
  [
    join(root, 'node_modules/ava/entrypoints/cli.mjs'),
    ...['--concurrency', '1', '--match', 'what usually hangs*'],
    ...['test/dist/launch/ssh.test.js', 'test/dist/launch/hangs.test.js'],
  ],
  { env: { ...process.env, DDPM_FLEET_HANGS: '1' } },
);
