/** Columns of a character: those of East Asian scripts and emoji take two. */
function widthOf(character: string): number {
  return /\p{Mark}/u.test(character)
    ? 0
    : /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
          character,
        )
      ? 2
      : 1;
}

/** As much of a line as fits into the columns of a terminal: one that wraps cannot be written over. */
export function fitLine(text: string, columns: number): string {
  const characters = [...text];
  if (characters.reduce((sum, character) => sum + widthOf(character), 0) <= columns) return text;
  let used = 1;
  const fitting = characters.findIndex((character) => (used += widthOf(character)) > columns);
  return `${characters.slice(0, Math.max(0, fitting)).join('')}…`;
}
