import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { ROOT } from '../support/cli.js';

test.serial(
  'a short marathon: killed workers and coordinators, one moment without any worker, the same weights',
  (t) => {
    t.timeout(300_000);
    const main = join(ROOT, 'test/dist/marathon/main.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, '--short'], { encoding: 'utf8' });
    t.log(stdout);
    t.is(status, 0, stdout + stderr);
  },
);
