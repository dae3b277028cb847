import type { TrainState } from '@ddpm-fleet/core';
import { stateFrames, stateMessage } from '@ddpm-fleet/protocol';
import type { Wire } from './wire.js';

/** Sends a state that lies here to a worker, as a donor would. */
export function sendState(wire: Wire, run: bigint, to: string, transfer: number, state: TrainState): void {
  wire.send([to], stateMessage(state, transfer, null));
  for (const frame of stateFrames(state, { run, generation: 0, transfer })) wire.sendFrame([to], frame);
}
