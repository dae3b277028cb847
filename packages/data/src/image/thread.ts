import { parentPort } from 'node:worker_threads';
import type { Pixels } from '../reader.js';
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
    const { width, height, frames, warning } = pixels;
    const said = { frames, isTransparent: isTransparent(pixels), ...(warning !== undefined && { warning }) };
    return { id, fitted: { image: fitPixels(pixels, fit), width, height, ...said } };
  } catch (error) {
    return { id, reason: (error as Error).message };
  }
}

function isTransparent({ data, channels }: Pixels): boolean {
  if (channels !== 4) return false;
  for (let at = 3; at < data.length; at += 4) if (data[at]! < 255) return true;
  return false;
}
