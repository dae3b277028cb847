import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import test from 'ava';
import { fleetError, FleetError } from '@ddpm-fleet/core';
import { buffersOf, Caller, serveCalls } from '../../src/compute/rpc.js';

const handlers = {
  double: (x: number) => 2 * x,
  slow: async (text: string) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return text;
  },
  fill: ({ n, value }: { n: number; value: number }) => ({ filled: new Float32Array(n).fill(value) }),
  window: () => new Float32Array([1, 2, 3, 4]).subarray(1, 3),
  sum: (values: Float32Array) => values.reduce((a, b) => a + b, 0),
  fail: () => {
    throw fleetError('DDPM_ERR_LAYOUT_MISMATCH', { detail: 'on purpose' });
  },
  bug: () => {
    throw new TypeError('a bug');
  },
};

function connect(t: { teardown(f: () => void): void }) {
  const { port1, port2 } = new MessageChannel();
  t.teardown(() => port1.close());
  serveCalls(port2, handlers);
  return new Caller<typeof handlers>(port1);
}

test('calls are answered in order', async (t) => {
  const caller = connect(t);
  const order: string[] = [];
  await Promise.all([
    caller.call('slow', 'first').then((text) => order.push(text)),
    caller.call('double', 21).then((n) => order.push(String(n))),
  ]);
  t.deepEqual(order, ['first', '42']);
});

test('what is given away is moved, not copied', async (t) => {
  const caller = connect(t);
  const values = new Float32Array([1, 2, 3]);
  t.is(await caller.call('sum', values, buffersOf(values)), 6);
  t.is(values.length, 0);
  t.deepEqual((await caller.call('fill', { n: 2, value: 7 })).filled, new Float32Array([7, 7]));
});

test('a view comes back alone, without the buffer it is part of', async (t) => {
  const values = await connect(t).call('window', undefined as never);
  t.deepEqual(values, new Float32Array([2, 3]));
  t.is(values.buffer.byteLength, 8);
});

test('errors keep their code and message', async (t) => {
  const caller = connect(t);
  const error = await t.throwsAsync(caller.call('fail', undefined as never), { instanceOf: FleetError });
  t.is((error as FleetError).code, 'DDPM_ERR_LAYOUT_MISMATCH');
  t.is((error as FleetError).exitCode, 2);
  await t.throwsAsync(caller.call('bug', undefined as never), { message: 'a bug' });
  t.is(await caller.call('double', 1), 2, 'and the next call is answered');
});

test('when the other thread dies, pending and later calls reject', async (t) => {
  const worker = new Worker('setTimeout(() => { throw new Error("died") }, 20)', { eval: true });
  const caller = new Caller<typeof handlers>(worker);
  worker.once('error', ({ message }) => caller.fail(new Error(message)));
  const pending = caller.call('double', 1);
  await t.throwsAsync(pending, { message: 'died' });
  await t.throwsAsync(caller.call('double', 1), { message: 'died' });
  await once(worker, 'exit');
});

test('a buffer that stands twice is listed once; empty arrays are not', (t) => {
  const values = new Float32Array(4);
  t.deepEqual(buffersOf({ a: values, b: [values.subarray(1)], c: new Float32Array(0), d: 'text', e: null }), [
    values.buffer,
  ]);
});
