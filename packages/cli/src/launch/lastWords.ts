/** What a process that ended said last, as far as a person would read it. */
export function lastWords(tail = ''): string | undefined {
  const lines = tail.split('\n').filter((line) => line.startsWith('error: '));
  return lines
    .at(-1)
    ?.trim()
    .replace(/^error: /, '');
}
