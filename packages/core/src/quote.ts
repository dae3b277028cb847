/**
 * A value that becomes part of something which is read again (a script, a command, a terminal) passes through the one
 * function of that language. YAML and JSON have their libraries.
 */

/** One word of a POSIX shell: also in scripts, and for the login shell of another host. */
export function shellWord(text: string): string {
  return /^[\w@%+:,./-][\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * One argument of an `#SBATCH` line. sbatch cuts these lines itself: a backslash takes the special meaning of any
 * character, also between quotes; a line ends with its line feed, whatever stands before it.
 * @throws TypeError for a control character, which such a line cannot hold
 */
export function sbatchWord(text: string): string {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new TypeError('an #SBATCH line holds no control characters');
  return text.replace(/[\s"'#\\]/g, String.raw`\$&`);
}

/** A path in `--output` of sbatch, where `%j` and its like mean something. */
export function sbatchPattern(path: string): string {
  return path.replaceAll('%', '%%');
}

/** Lines of a comment in YAML or a shell script: a line feed in `text` begins another line of the comment. */
export function commentLines(text: string): string {
  return text
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    .map((line) => `# ${line}`)
    .join('\n');
}

/** C0 and C1 but tab and line feed, what turns the direction of writing, and line breaks of other kinds. */
// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029]/g;

/** For a terminal: nothing in `text` moves the cursor, colours, or answers; lines stay lines. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** `printable`, in one line: for a cell of a table, or a line that is rewritten in place. */
export function printableLine(text: string): string {
  return printable(text).replace(/[\t\n]/g, escaped);
}

/** As JSON and most languages write it: \u001b. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
