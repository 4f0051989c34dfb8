/** How many characters of a message are read. */
const MAX_READ = 256;
/** The longest template. Shorter than `MAX_READ`, so that an id truncated at `MAX_READ` is not part of it. */
const MAX_TEMPLATE = 200;
/** A word of at least this many characters that contains a digit is an id. */
const ID_LENGTH = 6;
/** A word of at least this many hexadecimal digits is a number, even without a decimal digit. */
const HEX_LENGTH = 8;

/**
 * Returns a message without its variable parts: `#` replaces quoted text, UUIDs, hexadecimal numbers, ids,
 * and the digits of other words. It takes one pass in linear time because it runs for every trigger; constant
 * text is copied in one piece.
 */
export function messageTemplate(message: string): string {
  const end = Math.min(message.length, MAX_READ);
  let template = '';
  /** The message is copied to the template up to this index. */
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

  /** Replaces the message from `at` to `until` by `text`. */
  function replace(until: number, text: string): void {
    template += message.slice(copied, at) + text;
    copied = until;
  }

  /** Whether the template ends in `#-`, so that the next word is a group of a UUID. */
  function followsNumber(): boolean {
    if (message[at - 1] !== '-') return false;
    return copied === at - 1 ? template.endsWith('#') : message[at - 2] === '#';
  }
}
