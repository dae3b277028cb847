import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

/** The innermost place on an error's stack that is neither tfjs nor the recorder: `file:line:column`. */
export function callerOf(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  const own = frames.find(
    (line) => !/node:|@tensorflow|\(native\)|<anonymous>/.test(line) && !line.includes(HERE),
  );
  return (
    /\(?((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?$/.exec(own ?? '')?.[1]?.replace('file://', '') ??
    'an unknown place'
  );
}
