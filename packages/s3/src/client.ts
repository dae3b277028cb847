import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fleetError } from '@ddpm-fleet/core';
import { AwsClient } from 'aws4fetch';
import { s3Settings, type S3Settings } from './settings.js';
import { text } from './xml.js';

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Within the bucket; empty for the bucket itself. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Statuses, besides 2xx, that are an answer and no error. */
  readonly accept?: readonly number[];
}

export interface S3Response {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface S3Options {
  /** How long a request is tried again while the service cannot be reached or is failing. Default 30 s. */
  readonly retryMs?: number;
  /** After how long one attempt is given up. Default 120 s. */
  readonly attemptMs?: number;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;
/** Errors of class 4xx that another attempt may mend. */
const PASSING = new Set([
  'RequestTimeout',
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'IncompleteBody',
  'SlowDown',
]);

/**
 * Signed requests to one bucket. Bodies are covered by the signature, so the service refuses one that was changed
 * on its way. Errors name the location and what the service said, never a key or a header.
 */
export class S3Client {
  readonly #location: string;
  readonly #bucket: string;
  readonly #options: Required<S3Options>;
  #connected: Promise<{ settings: S3Settings; client: AwsClient }> | undefined;

  constructor(location: string, bucket: string, { retryMs = 30_000, attemptMs = 120_000 }: S3Options = {}) {
    this.#location = location;
    this.#bucket = bucket;
    this.#options = { retryMs, attemptMs };
  }

  /** @throws DDPM_ERR_STORE_DENIED, DDPM_ERR_STORE_LOCATION, DDPM_ERR_STORE_REQUEST, DDPM_ERR_STORE_CREDENTIALS */
  async send(request: S3Request): Promise<S3Response> {
    const giveUpAt = Date.now() + this.#options.retryMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const outcome = await this.#attempt(request);
      if (typeof outcome !== 'string') return outcome;
      if (Date.now() + pause > giveUpAt) throw this.#failed(request, outcome);
      await sleep(pause * (0.5 + Math.random() / 2));
    }
  }

  /** The response, or the reason why another attempt is worth it. */
  async #attempt(request: S3Request): Promise<S3Response | string> {
    const signed = await this.#sign(request);
    let response: S3Response;
    try {
      const answer = await fetch(signed, { signal: AbortSignal.timeout(this.#options.attemptMs) });
      const body = Buffer.from(await answer.arrayBuffer());
      response = { status: answer.status, headers: answer.headers, body };
    } catch (error) {
      const { message, cause } = error as Error & { cause?: Error };
      return cause?.message || (cause as NodeJS.ErrnoException | undefined)?.code || message;
    }
    const { status, body } = response;
    if ((status >= 200 && status < 300) || request.accept?.includes(status)) return response;
    const code = text(body.toString(), 'Code') ?? '';
    if (status >= 500 || status === 429 || status === 408 || PASSING.has(code))
      return `${status} ${code}`.trim();
    throw this.#refused(request, status, code);
  }

  async #sign({ method, key, query = {}, headers = {}, body }: S3Request): Promise<Request> {
    const { settings, client } = await (this.#connected ??= this.#connect());
    const url = objectUrl(settings, this.#bucket, key);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const sha256 = createHash('sha256')
      .update(body ?? '')
      .digest('hex');
    const signedHeaders = { ...headers, 'x-amz-content-sha256': sha256 };
    return client.sign(url, { method, headers: signedHeaders, ...(body ? { body } : {}) });
  }

  async #connect(): Promise<{ settings: S3Settings; client: AwsClient }> {
    const settings = await s3Settings(this.#location).catch((error: unknown) => {
      this.#connected = undefined;
      throw error;
    });
    const { accessKeyId, secretAccessKey, sessionToken, region } = settings;
    const token = sessionToken === undefined ? {} : { sessionToken };
    return {
      settings,
      client: new AwsClient({ accessKeyId, secretAccessKey, ...token, region, service: 's3' }),
    };
  }

  #refused(request: S3Request, status: number, code: string): Error {
    const location = this.#location;
    // Keys that have expired may have been renewed where they were read from.
    this.#connected = undefined;
    if (code === 'NoSuchBucket') {
      return fleetError('DDPM_ERR_STORE_LOCATION', { location, problem: 'there is no such bucket' });
    }
    if (status === 403 || status === 401 || status === 400 || status === 301) {
      return fleetError('DDPM_ERR_STORE_DENIED', { location, status, reason: code || 'no reason given' });
    }
    return this.#failed(request, `${status} ${code}`.trim());
  }

  #failed({ method, key }: S3Request, reason: string): Error {
    return fleetError('DDPM_ERR_STORE_REQUEST', {
      location: this.#location,
      request: `${method} ${key}`,
      reason,
    });
  }
}

/** AWS wants the bucket in the host's name; other services, and buckets with dots, have it in the path. */
function objectUrl({ endpoint, region }: S3Settings, bucket: string, key: string): URL {
  const path = key.split('/').map(encodeURIComponent).join('/');
  if (endpoint) return new URL(`${endpoint.replace(/\/$/, '')}/${bucket}/${path}`);
  const host = `s3.${region}.amazonaws.com`;
  return new URL(
    bucket.includes('.') ? `https://${host}/${bucket}/${path}` : `https://${bucket}.${host}/${path}`,
  );
}
