import { createServer, type AddressInfo } from 'node:net';

import test from 'ava';
import { Router } from 'zeromq';

import { bind } from '../../src/zmq/bind.js';

test('a port in use is told as that, of real sockets', async (t) => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => blocker.once('listening', resolve));
  t.teardown(() => blocker.close());
  const { port } = blocker.address() as AddressInfo;
  const socket = new Router();
  t.teardown(() => socket.close());
  await t.throwsAsync(bind(socket, `tcp://127.0.0.1:${port}`), { code: 'EADDRINUSE' });
});

test('an EAGAIN in place of the reason is not passed on: the next try tells', async (t) => {
  const codes = ['EAGAIN', 'EADDRNOTAVAIL'];
  const socket = {
    bind: () => Promise.reject(Object.assign(new Error('refused'), { code: codes.shift() })),
  };
  await t.throwsAsync(bind(socket, 'tcp://192.0.2.1:1'), { code: 'EADDRNOTAVAIL' });
  t.deepEqual(codes, []);
});

test('where libzmq says EAGAIN whenever it is asked, the system tells the reason', async (t) => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => blocker.once('listening', resolve));
  t.teardown(() => blocker.close());
  const { port } = blocker.address() as AddressInfo;
  const socket = { bind: () => Promise.reject(Object.assign(new Error('again'), { code: 'EAGAIN' })) };
  await t.throwsAsync(bind(socket, `tcp://127.0.0.1:${port}`), { code: 'EADDRINUSE' });
  await t.throwsAsync(bind(socket, 'tcp://127.0.0.1:*'), { code: 'EAGAIN' });
});
