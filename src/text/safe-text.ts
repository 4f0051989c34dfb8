/**
 * What must not reach a terminal as it is: control characters (C0, DEL, C1; so no escape sequence begins), line
 * and paragraph separators, lone surrogates, and all invisible format characters but the two joiners that
 * scripts and emoji need: among them are those that turn the direction of text around (CVE-2021-42574).
 */
const UNSAFE = /\p{Cc}|\p{Zl}|\p{Zp}|\p{Cs}|(?![\u200c\u200d])\p{Cf}/u;
const ALL_UNSAFE = new RegExp(UNSAFE, 'gu');
/**
 * More marks on one letter than any language has: they would be drawn over the lines above and below. (Unicode Annex
 * 15 bounds them at 30 for another reason; eight are enough for Hebrew with accents and for Tibetan.)
 */
const HEAP_OF_MARKS = /([\p{M}\u200c\u200d]{8})[\p{M}\u200c\u200d]+/gu;
const ONLY_ASCII = /^[ -~]*$/;
const NOT_ASCII = /[^ -~]/gu;
const SHORT: { readonly [character: string]: string } = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The text as it may be shown on one line of a terminal: what is unsafe is written as an escape, such as `\n`, `\x1b` or
 * `\u202e`, and of a heap of combining marks the first eight stay, then `…`. With `ascii`, everything outside of ASCII is
 * escaped.
 */
export function safeText(text: string, ascii = false): string {
  if (ONLY_ASCII.test(text)) return text;
  const low = text.replace(HEAP_OF_MARKS, '$1…');
  if (ascii) return low.replace(NOT_ASCII, escaped);
  return UNSAFE.test(low) ? low.replace(ALL_UNSAFE, escaped) : low;
}

/** The beginning of a text, and how much more there was. */
export function boundedText(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  return `${text.slice(0, maxCharacters)}… (${text.length - maxCharacters} more)`;
}

/** JSON in which everything unsafe is escaped: `JSON.stringify` leaves C1 and format characters as they are. */
export function safeJson(value: unknown): string {
  return safeJsonText(JSON.stringify(value));
}

/** JSON text, without line breaks between its values, in which everything unsafe is escaped. */
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
