import test from 'ava';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './support/directory.js';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const CORE = fileURLToPath(new URL('../../../core/', import.meta.url));

test('the example in the README works as it is copied', async (t) => {
  const directory = await temporaryDirectory(t);
  const readme = await readFile(join(PACKAGE, 'README.md'), 'utf8');
  const example = /```js\n([^]*?)```/.exec(readme)![1]!;
  await mkdir(join(directory, 'node_modules', '@ddpm-fleet'), { recursive: true });
  await symlink(PACKAGE, join(directory, 'node_modules', '@ddpm-fleet', 'checkpoint'));
  await symlink(CORE, join(directory, 'node_modules', '@ddpm-fleet', 'core'));
  await writeFile(join(directory, 'example.mjs'), example);
  const printed = execFileSync(process.execPath, ['example.mjs'], { cwd: directory }).toString();
  t.is(printed, 'saved step-00000001\nloaded step 1\n');
  t.deepEqual(await readdir(join(directory, 'checkpoints')), ['LATEST', 'step-00000001']);
});
