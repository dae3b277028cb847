export { AverageStore } from '../averages/store.js';
export { DiskMedium } from '../disk/medium.js';
export type { FileSystem, OpenFile } from '../disk/fileSystem.js';
export type { Owner } from '../disk/owner.js';
export { MediumStore } from '../mediumStore.js';
export { DirectSaver } from '../directSaver.js';
export { MemoryDisk } from './memoryDisk.js';
export { errno, FileNode, MemoryTree, type Survivors } from './tree.js';
