import {
  decodeFrame,
  Dtype,
  encodeImages,
  FrameKind,
  isFrame,
  type DataFrame,
  type FrameKindCode,
  type HeaderOf,
  type MessageOf,
  type RootHeader,
  type RootImagesHeader,
} from '@ddpm-fleet/protocol';
import { bytesOf } from '@ddpm-fleet/core';

const AT = { run: 1n, level: 0, index: 0 };

/** A frame that must be of this kind. */
export function decoded<K extends FrameKindCode>(
  parts: readonly Uint8Array[],
  kind: K,
): DataFrame<HeaderOf<K>> {
  const frame = decodeFrame(parts);
  if (!isFrame(frame, kind)) throw new Error(`a frame of kind ${frame.header.kind}`);
  return frame;
}

export function rootFrame(
  globalStep: number,
  bucket: number,
  values: Float32Array,
  generation = 1,
): DataFrame<RootHeader> {
  const count = values.length;
  const header = { kind: FrameKind.root, dtype: Dtype.float32, generation, globalStep, bucket, count };
  return { header: { ...AT, ...header }, payload: bytesOf(values) };
}

export function imagesFrame(
  globalStep: number,
  t: number[],
  loss: number[],
  generation = 1,
): DataFrame<RootImagesHeader> {
  const header = { ...AT, kind: FrameKind.rootImages, generation, globalStep, count: t.length };
  return { header, payload: encodeImages({ t: Int32Array.from(t), loss: Float32Array.from(loss) }) };
}

export function stepCommit(
  globalStep: number,
  over: Partial<MessageOf<'STEP_COMMIT'>> = {},
): MessageOf<'STEP_COMMIT'> {
  const lines = [`{"step":${globalStep}}`];
  return {
    type: 'STEP_COMMIT',
    generation: 1,
    globalStep,
    skipped: false,
    fingerprint: false,
    lines,
    ...over,
  };
}
