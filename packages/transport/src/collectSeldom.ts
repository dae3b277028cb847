import { setFlagsFromString } from 'node:v8';

/** Of the heap that was left by the last collection: a heap of 15 MB is collected again at 165 MB. */
const GROWTH_PERCENT = 1000;

/**
 * For processes whose memory is mostly messages. Their buffers lie outside V8's heap but count towards its limit,
 * which is a small multiple of a small heap: a few megabytes a step made V8 collect garbage every step, which took
 * more time than everything else that the main threads of coordinator and workers did (measured at 4.5 MB a step:
 * 34 and 23 of 40 and 25 ms). Call it first.
 */
export function collectSeldom(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
