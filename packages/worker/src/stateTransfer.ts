import type { TrainState } from '@ddpm-fleet/checkpoint';
import { chunksOf, chunkSpan, encodeFrame, FrameKind, sectionsOf } from '@ddpm-fleet/protocol';

/** The frames of a state, one after the other. Payloads are shared with the state. */
export function* stateFrames(
  state: TrainState,
  at: { run: bigint; generation: number; transfer: number },
): Generator<readonly [Uint8Array, Uint8Array]> {
  const { sections, arrays } = sectionsOf(state);
  const { globalStep } = state;
  for (const [section, one] of sections.entries()) {
    for (let chunk = 0; chunk < chunksOf(one); chunk++) {
      const { start, end } = chunkSpan(one, chunk);
      const payload = arrays[section]!.subarray(start, end);
      const header = { kind: FrameKind.state, ...at, globalStep, section, chunk, count: end - start };
      yield encodeFrame(header, payload);
    }
  }
}
