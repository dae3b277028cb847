import { Dtype, encodeImages, FrameKind, type DataFrame, type MessageOf } from '@ddpm-fleet/protocol';
import { bytesOf } from '@ddpm-fleet/core';

const AT = { run: 1n, level: 0, index: 0, bucket: 0, transfer: 0 };

export function rootFrame(
  globalStep: number,
  bucket: number,
  values: Float32Array,
  generation = 1,
): DataFrame {
  const header = {
    ...AT,
    kind: FrameKind.root,
    dtype: Dtype.float32,
    generation,
    globalStep,
    bucket,
    count: values.length,
  };
  return { header, payload: bytesOf(values) };
}

export function imagesFrame(globalStep: number, t: number[], loss: number[], generation = 1): DataFrame {
  const header = {
    ...AT,
    kind: FrameKind.rootImages,
    dtype: Dtype.imageRecord,
    generation,
    globalStep,
    count: t.length,
  };
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
