export { collectSeldom } from './collectSeldom.js';
export { Outbox } from './outbox.js';
export type {
  Dealer,
  DealerHandlers,
  DealerOptions,
  Frames,
  Router,
  RouterHandlers,
  RouterOptions,
  Transport,
} from './transport.js';
export { isLoopback, parseAddress, type TcpAddress } from './zmq/address.js';
export type { ClientSecurity, KeyPair, ServerSecurity } from './zmq/security.js';
export { newKeyPair, zmqTransport, type ZmqOptions } from './zmq/transport.js';
export { every, VirtualClock, wallClock, type Clock } from './memory/clock.js';
export { Dice, QUIET, type FaultCounts, type Faults } from './memory/faults.js';
export { MemoryNetwork, type NetworkOptions } from './memory/network.js';
