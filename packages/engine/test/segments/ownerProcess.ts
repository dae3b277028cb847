import { SharedMemory } from '../../src/segments/index.js';

/** Makes a segment of two floats, says its handle, and lives until it is killed. */
const segment = (await SharedMemory.open()).create(8);
new Float32Array(segment.bytes.buffer, 0, 2).set([1.5, -2]);
process.stdout.write(`${JSON.stringify(segment.handle)}\n`);
setInterval(() => undefined, 1000);
