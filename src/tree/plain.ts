/**
 * What must not reach a terminal as it is: control characters (C0, DEL, C1; so no escape sequence begins), line
 * and paragraph separators, lone surrogates, and all invisible format characters but the two joiners that
 * scripts and emoji need: among them are those that turn the direction of text around (CVE-2021-42574).
 */
const UNSAFE = /\p{Cc}|\p{Zl}|\p{Zp}|\p{Cs}|(?![\u200c\u200d])\p{Cf}/u;
const ALL_UNSAFE = new RegExp(UNSAFE, 'gu');
const NOT_ASCII = /[^ -~]/gu;
const SHORT: { readonly [character: string]: string } = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The text as it may be shown on one line of a terminal: what is unsafe is written as an escape, such as `\n`,
 * `\x1b` or `\u202e`. With `ascii`, so is everything outside of ASCII.
 */
export function plain(text: string, ascii = false): string {
  if (ascii) return text.replace(NOT_ASCII, escaped);
  return UNSAFE.test(text) ? text.replace(ALL_UNSAFE, escaped) : text;
}

/** JSON in which nothing unsafe stands raw; `JSON.stringify` leaves C1 and format characters as they are. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(ALL_UNSAFE, (character) =>
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
