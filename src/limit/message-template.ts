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
 * for it; what does not vary is copied in one piece.
 */
export function messageTemplate(message: string): string {
  const end = Math.min(message.length, MAX_READ);
  let template = '';
  /** The template has the message up to here. */
  let copied = 0;
  let at = 0;
  let isAfterWord = false;
  while (at < end && template.length + at - copied < MAX_TEMPLATE) {
    let wordEnd = at;
    let hasDigit = false;
    let isHex = true;
    for (; wordEnd < end; wordEnd += 1) {
      const code = message.charCodeAt(wordEnd);
      const letter = code | 0x20;
      if (code >= 0x30 && code <= 0x39) hasDigit = true;
      else if (letter < 0x61 || letter > 0x7a) break;
      else if (letter > 0x66) isHex = false;
    }
    if (wordEnd > at) {
      const length = wordEnd - at;
      const isNumber = isHex && (hasDigit || length >= HEX_LENGTH || followsNumber());
      if (isNumber || (hasDigit && (length >= ID_LENGTH || message.startsWith('0x', at)))) {
        replace(wordEnd, '#');
      } else if (hasDigit) {
        replace(wordEnd, message.slice(at, wordEnd).replace(/\d+/g, '#'));
      }
      at = wordEnd;
      isAfterWord = true;
      continue;
    }
    const mark = message.charCodeAt(at);
    const isQuote = mark === 0x22 || mark === 0x60 || (mark === 0x27 && !isAfterWord);
    const closing = isQuote ? message.indexOf(message[at]!, at + 1) : -1;
    if (closing !== -1) replace(closing + 1, '#');
    at = closing === -1 ? at + 1 : closing + 1;
    isAfterWord = false;
  }
  return (template + message.slice(copied, at)).slice(0, MAX_TEMPLATE);

  /** Puts `text` in the place of what lies between here and `until`. */
  function replace(until: number, text: string): void {
    template += message.slice(copied, at) + text;
    copied = until;
  }

  /** Whether the template ends in `#-`: the next group of a UUID. */
  function followsNumber(): boolean {
    if (message[at - 1] !== '-') return false;
    return copied === at - 1 ? template.endsWith('#') : message[at - 2] === '#';
  }
}
