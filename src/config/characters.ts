import type { ConfigErrors } from './config-error.ts';

/**
 * @returns the text of UTF-8 bytes; undefined if they are invalid, with an error at the first invalid byte
 */
export function decode(bytes: Uint8Array, errors: ConfigErrors): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    errors.add(
      placeOf(firstInvalid(text, bytes), text),
      '',
      'the file must be text in UTF-8, got an invalid byte',
    );
    return undefined;
  }
}

/**
 * The index of the first invalid byte's replacement character. A replacement character may also occur in the
 * file itself.
 */
function firstInvalid(text: string, bytes: Uint8Array): number {
  let at = -1;
  for (;;) {
    at = text.indexOf('\ufffd', at + 1);
    const before = Buffer.byteLength(text.slice(0, at));
    const isItself = bytes[before] === 0xef && bytes[before + 1] === 0xbf && bytes[before + 2] === 0xbd;
    if (at < 0 || !isItself) return Math.max(0, at);
  }
}

/**
 * Characters that make the file look different from its content: those that change the direction of text, and
 * control characters. Source: https://trojansource.codes, https://yaml.org/spec/1.2.2/#51-character-set
 * (c-printable)
 */
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Whether the text has none of these characters. Each one is an error. */
export function isReadable(text: string, errors: ConfigErrors): boolean {
  let isReadable = true;
  for (const { 0: character, index } of text.matchAll(hidden)) {
    isReadable = false;
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    errors.add(
      placeOf(index, text),
      '',
      `the character U+${code} is not allowed in the file, because it is not visible; in double quotes it can be written as "\\u${code}"`,
    );
  }
  return isReadable;
}

function placeOf(index: number, text: string) {
  const lines = text.slice(0, index).split('\n');
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}
