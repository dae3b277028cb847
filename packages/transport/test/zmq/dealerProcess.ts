import { zmqTransport } from '../../src/index.js';

/** Connects, says hello, and stays until it is killed. */
const dealer = await zmqTransport().dealer(
  { address: process.argv[2]!, peer: 'child.1', maxFrameBytes: 1000 },
  {
    onMessage: () => undefined,
    onConnected: () => dealer.send([Buffer.from('hello')]),
    onDisconnected: () => undefined,
    onRefused: () => undefined,
  },
);
