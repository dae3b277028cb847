import {
  chunksOf,
  chunkSpan,
  encodeFrame,
  FrameKind,
  sectionsOf,
  type StateArrays,
} from '@ddpm-fleet/protocol';
import type { Wire } from './wire.js';

/** Sends a state that lies here to a worker, as a donor would. */
export function sendState(
  wire: Wire,
  run: bigint,
  to: string,
  transfer: number,
  globalStep: number,
  state: StateArrays,
): void {
  const { sections, arrays } = sectionsOf(state);
  wire.send([to], { type: 'STATE', transfer, globalStep, sections, fingerprint: null });
  for (const [section, one] of sections.entries()) {
    for (let chunk = 0; chunk < chunksOf(one); chunk++) {
      const { start, end } = chunkSpan(one, chunk);
      const at = { run, generation: 0, globalStep, section, chunk, transfer, count: end - start };
      wire.sendFrame(
        [to],
        encodeFrame({ kind: FrameKind.state, ...at }, arrays[section]!.subarray(start, end)),
      );
    }
  }
}
