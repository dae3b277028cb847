import type { TrainState } from '@ddpm-fleet/checkpoint';
import { chunksOf, chunkSpan, Dtype, encodeFrame, FrameKind, sectionsOf } from '@ddpm-fleet/protocol';

/** The frames of a state, one after the other. Payloads are shared with the state. */
export function* stateFrames(
  state: TrainState,
  at: { run: bigint; generation: number; transfer: number },
): Generator<readonly [Uint8Array, Uint8Array]> {
  const { sections, arrays } = sectionsOf(state);
  const { globalStep } = state;
  for (const [index, section] of sections.entries()) {
    for (let chunk = 0; chunk < chunksOf(section); chunk++) {
      const { start, end } = chunkSpan(section, chunk);
      const payload = arrays[index]!.subarray(start, end);
      const fixed = { kind: FrameKind.state, dtype: Dtype.float32, level: 0, index, bucket: chunk };
      yield encodeFrame({ ...fixed, ...at, globalStep, count: end - start }, payload);
    }
  }
}
