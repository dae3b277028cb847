export { SharedMemory, type OwnSegment, type SegmentHandle } from './sharedMemory.js';
