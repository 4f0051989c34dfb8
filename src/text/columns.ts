/** Combining marks and joiners take no column. */
const NO_COLUMN = /\p{Mn}|\p{Me}|[\u200c\u200d]/u;
/** East Asian Wide and Fullwidth (Unicode Annex 11), in whole blocks, and characters displayed as emoji. */
const TWO_COLUMNS =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const ONLY_ASCII = /^[ -~]*$/;

/** Number of terminal columns of a text without control characters. */
export function columnsOf(text: string): number {
  if (ONLY_ASCII.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += columnsOfCharacter(character);
  return columns;
}

/** The longest prefix of the text that fits into this many columns. */
export function cutToColumns(text: string, columns: number): string {
  if (text.length <= columns && ONLY_ASCII.test(text)) return text;
  let left = columns;
  let end = 0;
  for (const character of text) {
    left -= columnsOfCharacter(character);
    if (left < 0) break;
    end += character.length;
  }
  return text.slice(0, end);
}

function columnsOfCharacter(character: string): number {
  // Characters below this one are neither combining nor wide.
  if (character < '\u0300') return 1;
  if (NO_COLUMN.test(character)) return 0;
  return TWO_COLUMNS.test(character) ? 2 : 1;
}
