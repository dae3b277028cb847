import type { MessagePort, Transferable, Worker } from 'node:worker_threads';
import { ERRORS, FleetError, isFleetError, type ErrorCode } from '@ddpm-fleet/core';

/** Functions that one thread runs for another, by name. They run one at a time, in the order of the calls. */
export type Calls<T> = { readonly [K in keyof T]: (argument: never) => unknown };

type Argument<F> = F extends (argument: infer A) => unknown ? A : never;
type Result<F> = F extends (argument: never) => infer R ? Awaited<R> : never;

interface Request {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

type Reply =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: ThrownValue };

/** An error as it crosses threads; `code` is there for errors that a user can act on. */
interface ThrownValue {
  readonly code?: ErrorCode;
  readonly message: string;
  readonly stack?: string;
}

type Port = MessagePort | Worker;

/**
 * Answers calls on `port`. Results are given away: their buffers are transferred, not copied, and must not be used
 * by the handler afterwards.
 */
export function serveCalls<T extends Calls<T>>(port: Port, handlers: T): void {
  let last: Promise<void> = Promise.resolve();
  port.on('message', (request: Request) => {
    last = last.then(() => answer(port, handlers, request));
  });
}

async function answer<T extends Calls<T>>(port: Port, handlers: T, request: Request): Promise<void> {
  try {
    const handler = handlers[request.name as keyof T].bind(handlers) as (argument: unknown) => unknown;
    const result = compact(await handler(request.argument));
    port.postMessage({ id: request.id, result } satisfies Reply, buffersOf(result));
  } catch (error) {
    port.postMessage({ id: request.id, error: thrownValue(error) } satisfies Reply);
  }
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The calling side. */
export class Caller<T extends Calls<T>> {
  readonly #port: Port;
  readonly #pending = new Map<number, Waiting>();
  #nextId = 1;
  #dead: Error | undefined;

  constructor(port: Port) {
    this.#port = port;
    port.on('message', (reply: Reply) => this.#settle(reply));
  }

  /** @param give buffers of the argument that the caller gives away; the others are copied */
  call<K extends keyof T & string>(
    name: K,
    argument: Argument<T[K]>,
    give: readonly Transferable[] = [],
  ): Promise<Result<T[K]>> {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#port.postMessage({ id, name, argument } satisfies Request, give);
    });
  }

  /** The other side is gone: pending calls and all later ones reject with `error`. */
  fail(error: Error): void {
    this.#dead ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#dead);
    this.#pending.clear();
  }

  #settle(reply: Reply): void {
    const waiting = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ('error' in reply) waiting?.reject(revive(reply.error));
    else waiting?.resolve(reply.result);
  }
}

/** The distinct buffers in `value`, for a transfer list. */
export function buffersOf(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer && value.byteLength > 0) found.add(value.buffer);
  } else if (value !== null && typeof value === 'object') {
    for (const item of Object.values(value)) buffersOf(item, found);
  }
  return [...found];
}

/** Replaces views into larger buffers by copies: transferring a view takes its whole buffer along. */
function compact(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    const whole = value.byteLength === value.buffer.byteLength && value.buffer instanceof ArrayBuffer;
    return whole ? value : (value as Uint8Array).slice();
  }
  if (Array.isArray(value)) return value.map(compact);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, compact(item)]));
}

export function thrownValue(error: unknown): ThrownValue {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack } = error;
  return { message, ...(isFleetError(error) ? { code: error.code } : {}), ...(stack ? { stack } : {}) };
}

export function revive({ code, message, stack }: ThrownValue): Error {
  const known = code !== undefined && code in ERRORS;
  const error = known ? new FleetError(code, message) : new Error(message);
  if (stack) error.stack = stack;
  return error;
}
