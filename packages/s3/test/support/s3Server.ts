import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const VERSION = 'v1.8.0';
const PACKAGE = `github.com/versity/versitygw/cmd/versitygw@${VERSION}`;
export const ACCESS_KEY = 'test-access-key';
export const SECRET_KEY = 'test-secret-that-must-not-be-seen';
const NO_FILE = '/no-such-directory/aws';

/**
 * The S3 server versitygw: the one that DDPM_FLEET_VERSITYGW names, one on the PATH, or one built with `go install`
 * into the cache (minutes, once). A string says why there is none.
 */
export async function findServer(): Promise<{ binary: string } | string> {
  const cache = join(
    process.env.DDPM_FLEET_HOME ?? join(homedir(), '.cache', 'ddpm-fleet'),
    'tools',
    VERSION,
  );
  const places = [process.env.DDPM_FLEET_VERSITYGW, ...(process.env.PATH ?? '').split(delimiter), cache];
  for (const place of places.filter((one) => one !== undefined)) {
    const binary = place.endsWith('versitygw') ? place : join(place, 'versitygw');
    if (await exists(binary)) return { binary };
  }
  await mkdir(cache, { recursive: true });
  const env = { ...process.env, GOBIN: cache, GOFLAGS: '-p=1' };
  try {
    await promisify(execFile)('nice', ['-n', '15', 'go', 'install', PACKAGE], { env, timeout: 14 * 60_000 });
    return { binary: join(cache, 'versitygw') };
  } catch (error) {
    return `versitygw is not here and could not be built: ${(error as Error).message.split('\n').slice(0, 3).join(' ')}`;
  }
}

/** A real S3 server with one bucket, `fleet`. It can be killed and started again over what it holds. */
export class S3Server {
  readonly port: number;
  readonly #binary: string;
  readonly #root: string;
  #process: ChildProcess | undefined;

  private constructor(binary: string, root: string, port: number) {
    this.#binary = binary;
    this.#root = root;
    this.port = port;
  }

  static async open(binary: string): Promise<S3Server> {
    const root = await mkdtemp(join(tmpdir(), 'ddpm-fleet-s3-'));
    await mkdir(join(root, 'data', 'fleet'), { recursive: true });
    await mkdir(join(root, 'sidecar'));
    const server = new S3Server(binary, root, await freePort());
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const posix = ['posix', '--sidecar', join(this.#root, 'sidecar'), join(this.#root, 'data')];
    const env = { ...process.env, ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: SECRET_KEY };
    const child = spawn(this.#binary, ['--port', `127.0.0.1:${this.port}`, '--quiet', ...posix], {
      env,
      stdio: 'ignore',
    });
    this.#process = child;
    for (let tries = 0; tries < 200; tries++) {
      if (await answers(this.port)) return;
      if (child.exitCode !== null) break;
      await sleep(50);
    }
    throw new Error(`versitygw did not start (exit code ${child.exitCode})`);
  }

  async kill(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#root, { recursive: true, force: true });
  }
}

/** What is opened, and processes that are started, from now on find the service there, and no credentials but these. */
export function pointAt(endpoint: string, secret = SECRET_KEY): void {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: ACCESS_KEY,
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_REGION: 'us-east-1',
    AWS_SHARED_CREDENTIALS_FILE: NO_FILE,
    AWS_CONFIG_FILE: NO_FILE,
  });
  delete process.env.AWS_PROFILE;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
