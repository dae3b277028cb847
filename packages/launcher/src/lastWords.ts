/**
 * What a process that ended said last, as far as a person would read it: the error that it stated, or the first line of
 * the trace that it crashed with.
 * @param tail the end of what it wrote
 */
export function lastWords(tail = ''): string | undefined {
  const lines = tail.split('\n');
  const stated = lines.findLast((line) => line.startsWith('error: '));
  return stated?.trim().replace(/^error: /, '') ?? lines.findLast((line) => /^\w*Error\b.*: /.test(line));
}
