import { parentPort } from 'node:worker_threads';
import { decode } from './decode.js';
import { fitPixels } from './fit.js';
import type { DecodeReply, DecodeRequest } from './pool.js';

/** Body of a decode thread: encoded bytes in, fitted pixels out. */
parentPort!.on('message', (request: DecodeRequest) => void answer(request));

async function answer(request: DecodeRequest): Promise<void> {
  parentPort!.postMessage(await decodeAndFit(request));
}

async function decodeAndFit({ id, bytes, fit }: DecodeRequest): Promise<DecodeReply> {
  try {
    const pixels = await decode(bytes);
    return { id, fitted: { image: fitPixels(pixels, fit), width: pixels.width, height: pixels.height } };
  } catch (error) {
    return { id, reason: (error as Error).message };
  }
}
