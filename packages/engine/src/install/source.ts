import type { EngineVariant } from './cache.js';
import type { OnProgress } from './progress.js';

/** A libtensorflow that an engine can be built from. */
export interface Source {
  /** In words, for messages and for the record. */
  readonly description: string;
  readonly version: string;
  readonly variant: EngineVariant;
  /** Disk that building from it takes at the most, what is installed in the end included. */
  readonly needBytes: number;
  /** Brings the libraries into `staging`. */
  stage(staging: string, say: OnProgress): Promise<Staged>;
}

export interface Staged {
  /** Absolute; holds tensorflow/c and what that includes. */
  readonly includeDir: string;
  /** Where the libraries lie, relative to the install. */
  readonly libraryDir: string;
  /** File names in `libraryDir`. */
  readonly libraries: readonly string[];
  /** Must be on the loader's path: relative to the install, or absolute where they belong to somebody else. */
  readonly loaderDirs: readonly string[];
}

const LIBRARY = /^libtensorflow(_cc|_framework)?(\.so\.2|\.2\.dylib)$/;

/** Whether a file is one of those that the addon links against. */
export function isLibtensorflow(fileName: string): boolean {
  return LIBRARY.test(fileName);
}
