// What `npm start` and `npm test` need before anything else: dependencies and the build. Node built-ins only,
// because node_modules may not exist yet.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const OLDEST_NODE = [20, 19];

export function prepare() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    console.error(`ddpm-fleet needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.version}.`);
    process.exit(2);
  }
  installDependencies();
  run('build', process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b']);
}

/**
 * Installs what the lock file says, unless node_modules was made from this very lock file. Not `npm ci`: that refuses a
 * lock file without the optional packages of other platforms, which not every registry mirror carries.
 */
function installDependencies() {
  const stamp = join(root, 'node_modules', '.ddpm-fleet-lock');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('Installing the dependencies (about a minute, once) ...');
  run('npm install', 'npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, lock);
}

/** Runs a command in the repository; ends this process with its exit code when it fails. */
export function run(name, command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (status === 0) return;
  console.error(`${name} failed (${error?.message ?? signal ?? `exit code ${status}`}).`);
  process.exit(status ?? 1);
}
