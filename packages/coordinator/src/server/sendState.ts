import {
  chunksOf,
  chunkSpan,
  Dtype,
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
  for (const [index, section] of sections.entries()) {
    for (let bucket = 0; bucket < chunksOf(section); bucket++) {
      const { start, end } = chunkSpan(section, bucket);
      const at = { run, generation: 0, globalStep, level: 0, index, bucket, transfer };
      const header = { kind: FrameKind.state, dtype: Dtype.float32, count: end - start, ...at };
      wire.sendFrame([to], encodeFrame(header, arrays[index]!.subarray(start, end)));
    }
  }
}
