import { parentPort, workerData } from 'node:worker_threads';
import { decode } from './decode.js';
import { fitPixels, type Fit } from './fit.js';
import type { DecodeReply, DecodeRequest } from './pool.js';

/** Body of a decode thread: encoded bytes in, fitted pixels out. */
const fit = workerData as Fit;

parentPort!.on('message', ({ id, bytes }: DecodeRequest) => void answer(id, bytes));

async function answer(id: number, bytes: Uint8Array): Promise<void> {
  parentPort!.postMessage(await decodeAndFit(id, bytes));
}

async function decodeAndFit(id: number, bytes: Uint8Array): Promise<DecodeReply> {
  try {
    const pixels = await decode(bytes);
    return { id, fitted: { image: fitPixels(pixels, fit), width: pixels.width, height: pixels.height } };
  } catch (error) {
    return { id, reason: (error as Error).message };
  }
}
