import { parentPort, workerData } from 'node:worker_threads';
import { SharedMemory } from '@ddpm-fleet/engine/segments';
import { addBfloat16, addFloat32, type Add } from './arithmetic.js';
import type { Part, RootBucket } from './reducer.js';
import { Reduction } from './reduction.js';
import type {
  AddMessage,
  BeginMessage,
  FromThread,
  MapMessage,
  ThreadOptions,
  ToThread,
} from './threadMessages.js';

const { addonPath, ...options } = workerData as ThreadOptions;
const shared = addonPath === undefined ? undefined : new SharedMemory(addonPath);
const segments = new Map<number, Uint8Array>();
let current: Reduction | undefined;

const say = (message: FromThread, give: ArrayBuffer[] = []): void => parentPort!.postMessage(message, give);

const handlers = {
  onRoot(root: RootBucket) {
    const { payload } = root;
    const whole = payload !== undefined && payload.byteLength === payload.buffer.byteLength;
    say({ type: 'root', root }, whole ? [payload.buffer as ArrayBuffer] : []);
  },
  onBad: (bad: Extract<FromThread, { type: 'bad' }>['bad']) => say({ type: 'bad', bad }),
};

function addOf(): Add {
  if (options.wireDtype === 'bfloat16') return addBfloat16;
  return shared ? (out, left, right) => shared.add(out, left, right) : addFloat32;
}

function begin({ round, digest, root }: BeginMessage): void {
  const place = root === undefined ? undefined : segments.get(root)!;
  current = new Reduction(
    { ...options, round, digest, add: addOf(), ...(place && { root: place }) },
    handlers,
  );
}

function add({ round, node, bucket, payload }: AddMessage): void {
  const isShared = 'segment' in payload;
  if (current?.round === round)
    current.add(node, bucket, isShared ? bytesOfPart(payload) : lent(payload), isShared ? 'shared' : 'lent');
  if (!isShared) say({ type: 'done', memory: payload.memory });
}

const lent = ({ memory, sizeBytes }: { memory: SharedArrayBuffer; sizeBytes: number }): Uint8Array =>
  new Uint8Array(memory, 0, sizeBytes);

function bytesOfPart({ segment, offset, sizeBytes }: Part): Uint8Array {
  return segments.get(segment)!.subarray(offset, offset + sizeBytes);
}

function map({ segment, offer, own }: MapMessage): void {
  try {
    segments.set(segment, own ? shared!.rewrite(offer) : shared!.view(offer));
    say({ type: 'mapped', segment });
  } catch (error) {
    say({ type: 'mapped', segment, problem: (error as Error).message });
  }
}

parentPort!.on('message', (message: ToThread) => {
  if (message.type === 'begin') begin(message);
  else if (message.type === 'add') add(message);
  else if (message.type === 'map') map(message);
  else segments.delete(message.segment);
});
