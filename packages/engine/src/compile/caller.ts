import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPILED = dirname(fileURLToPath(import.meta.url));
/** This folder as it runs, and as source maps name it. */
const HERE = [COMPILED, COMPILED.replace('/dist/', '/')];

/** The innermost place on an error's stack that is neither tfjs nor the recorder: `file:line:column`. */
export function callerOf(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  const own = frames.find(
    (line) => !/node:|\/tfjs-|\(native\)/.test(line) && !HERE.some((place) => line.includes(place)),
  );
  return (
    /\(?((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?$/.exec(own ?? '')?.[1]?.replace('file://', '') ??
    'an unknown place'
  );
}
