import { statfsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { RunConfig, RunRecord } from '@ddpm-fleet/config';
import { RunFollower } from '../runFollower.js';
import { RunMetrics } from './metrics.js';

export interface PrometheusOptions {
  readonly runDir: string;
  readonly config: RunConfig;
  readonly record: RunRecord;
  /** 0: any that is free. */
  readonly port: number;
}

const HOST = '127.0.0.1';
/** A scraper that does not read what it asked for. */
const PATIENCE_MS = 10_000;

/** `/metrics` of a run, on the loopback interface. */
export class Prometheus {
  readonly #runDir: string;
  readonly #metrics: RunMetrics;
  readonly #follower: RunFollower;
  readonly #server: Server;

  private constructor({ runDir, config, record }: PrometheusOptions) {
    this.#runDir = runDir;
    this.#metrics = new RunMetrics(config, record);
    this.#follower = new RunFollower(runDir);
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.setTimeout(PATIENCE_MS);
  }

  /** @throws Error where the port is taken */
  static async open(options: PrometheusOptions): Promise<Prometheus> {
    const prometheus = new Prometheus(options);
    const server = prometheus.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(options.port, HOST, resolve);
    });
    server.on('error', () => undefined);
    return prometheus;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** Takes in what is new. Returns whether there may be more at once. */
  poll(): boolean {
    const events = this.#follower.read();
    for (const event of events) this.#metrics.take(event);
    return events.length > 0;
  }

  close(): void {
    this.#follower.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (url !== '/metrics') return void response.writeHead(404).end('the metrics are at /metrics\n');
    if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405).end();
    const { registry } = this.#metrics;
    const { bavail, bsize } = statfsSync(this.#runDir);
    this.#metrics.noteDisk(bavail * bsize);
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(method === 'HEAD' ? '' : text);
  }
}
