import { closeSync, existsSync, openSync } from 'node:fs';
import test from 'ava';
import { LOG_LINES, outliveLog } from '@ddpm-fleet/config';
import { pino } from 'pino';

const onLinux = existsSync('/dev/full') ? test : test.skip;

onLinux('a log on a full disk ends nothing, and keeps no more than it may', (t) => {
  const dest = openSync('/dev/full', 'w');
  t.teardown(() => closeSync(dest));
  const destination = pino.destination({ dest, ...LOG_LINES });
  let dropped = 0;
  destination.on('drop', () => dropped++);
  const log = pino({}, outliveLog(destination));
  for (let i = 0; i < 40; i++) t.notThrows(() => log.info('x'.repeat(64 << 10)));
  t.true(dropped > 20, `${dropped} dropped`);
});
