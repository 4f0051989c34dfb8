/**
 * Characters that must not reach a terminal unescaped: control characters (C0, DEL, C1, which also prevents
 * escape sequences), line and paragraph separators, lone surrogates, and all invisible format characters
 * except the two joiners that scripts and emoji need. They include the characters that change the direction
 * of text (CVE-2021-42574).
 */
const UNSAFE = /\p{Cc}|\p{Zl}|\p{Zp}|\p{Cs}|(?![\u200c\u200d])\p{Cf}/u;
const ALL_UNSAFE = new RegExp(UNSAFE, 'gu');
/**
 * More combining marks on one letter than any language uses: they would be drawn over the lines above and
 * below. (Unicode Annex 15 limits them to 30 for another reason; eight are enough for Hebrew with accents and
 * for Tibetan.)
 */
const EXCESSIVE_MARKS = /([\p{M}\u200c\u200d]{8})[\p{M}\u200c\u200d]+/gu;
const ONLY_ASCII = /^[ -~]*$/;
const NOT_ASCII = /[^ -~]/gu;
const SHORT: { readonly [character: string]: string } = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Makes a text safe for one line of a terminal: unsafe characters are escaped, such as `\n`, `\x1b` or
 * `\u202e`, and of excessive combining marks the first eight are kept, followed by `…`. With `ascii`, all
 * non-ASCII characters are escaped.
 */
export function safeText(text: string, ascii = false): string {
  if (ONLY_ASCII.test(text)) return text;
  const trimmed = text.replace(EXCESSIVE_MARKS, '$1…');
  if (ascii) return trimmed.replace(NOT_ASCII, escaped);
  return UNSAFE.test(trimmed) ? trimmed.replace(ALL_UNSAFE, escaped) : trimmed;
}

/** Truncates a text, and appends how many characters were omitted. */
export function boundedText(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  return `${text.slice(0, maxCharacters)}… (${text.length - maxCharacters} more)`;
}

/** JSON with all unsafe characters escaped: `JSON.stringify` does not escape C1 and format characters. */
export function safeJson(value: unknown): string {
  return safeJsonText(JSON.stringify(value));
}

/** JSON text without line breaks between its values, with all unsafe characters escaped. */
export function safeJsonText(json: string): string {
  return json.replace(ALL_UNSAFE, (character) =>
    Array.from({ length: character.length }, (_, at) => unit(character.charCodeAt(at))).join(''),
  );
}

function escaped(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0)!;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? unit(code) : `\\u{${code.toString(16)}}`;
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}
