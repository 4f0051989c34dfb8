/** Of a message, so many characters are read. */
const MAX_READ = 256;
/** And so many of its template count: an id that was cut at the end of what is read lies beyond them. */
const MAX_TEMPLATE = 200;
/** A word of so many characters with a digit in it is an id. */
const ID_LENGTH = 6;
/** So many hexadecimal digits are a number, also without a decimal one among them. */
const HEX_LENGTH = 8;

/**
 * A message without what varies from one of its kind to the next: `#` stands for quoted text, UUIDs,
 * hexadecimal numbers, ids, and the digits of other words. One pass in linear time, since every trigger pays
 * for it.
 */
export function messageTemplate(message: string): string {
  const end = Math.min(message.length, MAX_READ);
  let template = '';
  let at = 0;
  let isAfterWord = false;
  while (at < end) {
    let wordEnd = at;
    let hasDigit = false;
    let isHex = true;
    for (; wordEnd < end; wordEnd += 1) {
      const code = message.charCodeAt(wordEnd);
      if (code >= 0x30 && code <= 0x39) hasDigit = true;
      else if (!isLetter(code)) break;
      else if ((code | 0x20) > 0x66) isHex = false;
    }
    if (wordEnd > at) {
      const length = wordEnd - at;
      const isNumber = isHex && (hasDigit || length >= HEX_LENGTH || template.endsWith('#-'));
      const isId = hasDigit && (length >= ID_LENGTH || message.startsWith('0x', at));
      if (isNumber || isId) template += '#';
      else if (hasDigit) template += message.slice(at, wordEnd).replace(/\d+/g, '#');
      else template += message.slice(at, wordEnd);
      at = wordEnd;
      isAfterWord = true;
      continue;
    }
    const mark = message[at]!;
    const isQuote = mark === '"' || mark === '`' || (mark === "'" && !isAfterWord);
    const closing = isQuote ? message.indexOf(mark, at + 1) : -1;
    template += closing === -1 ? mark : '#';
    at = closing === -1 ? at + 1 : closing + 1;
    isAfterWord = false;
  }
  return template.slice(0, MAX_TEMPLATE);
}

function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
