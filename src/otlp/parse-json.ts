import { WireError } from './wire-error.ts';

/** Maximum nesting, checked before any object is created: 32 nested OTLP maps take 140 levels. */
const MAX_JSON_DEPTH = 256;
/** Maximum number of values: an empty one takes two characters, and up to 100 bytes of memory. */
const MAX_JSON_VALUES = 1_048_576;
/** A shorter text cannot exceed the maximum number of values. */
const SHORT_TEXT = MAX_JSON_VALUES;
/** An integer with up to this many digits is exact as a number. */
const EXACT_DIGITS = 15;
/** Maximum length of an integer that is kept exact: the conversion takes quadratic time. */
const MAX_DIGITS = 400;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** Converts a number that JSON.parse would round or reject into JSON text. */
export type NumberForm = (token: string) => string;

/**
 * JSON.parse for untrusted text: depth and number of values are checked before the first object is created,
 * and integers that a double cannot represent are not rounded.
 *
 * @param longNumber returns the JSON text that replaces an integer of 16 to 400 digits
 * @param notANumber returns the JSON text that replaces NaN, Infinity and -Infinity, which Python writes;
 * without it they are an error, as in standard JSON
 * @throws WireError
 */
export function parseJson(
  input: string | Uint8Array,
  longNumber: NumberForm,
  notANumber?: NumberForm,
): unknown {
  const text = asText(input);
  const rewritten = isPlain(text) ? text : new Rewriter(text, longNumber, notANumber).run();
  try {
    return JSON.parse(rewritten);
  } catch (error) {
    const { message } = error as SyntaxError;
    throw new WireError('json', `invalid JSON: ${message.slice(0, 200)}`);
  }
}

function asText(input: string | Uint8Array): string {
  if (typeof input === 'string') return input;
  try {
    return Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString('utf8');
  } catch {
    throw new WireError('too_large', `${input.byteLength} bytes exceed the maximum string length`);
  }
}

/** A fast check: nothing to replace, and too few brackets and characters to exceed a limit. */
function isPlain(text: string): boolean {
  return (
    text.length < SHORT_TEXT &&
    !hasManyDigits(text) &&
    !text.includes('NaN') &&
    !text.includes('Infinity') &&
    hasFew(text, '{', MAX_JSON_DEPTH / 2) &&
    hasFew(text, '[', MAX_JSON_DEPTH / 2)
  );
}

/**
 * Whether the text contains more than {@link EXACT_DIGITS} consecutive digits. Probing every 16th character
 * is enough: each such run covers one of them.
 */
function hasManyDigits(text: string): boolean {
  for (let at = EXACT_DIGITS; at < text.length; at += EXACT_DIGITS + 1) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let first = at;
    while (isDigit(text.charCodeAt(first - 1))) first -= 1;
    let end = at + 1;
    while (isDigit(text.charCodeAt(end))) end += 1;
    if (end - first > EXACT_DIGITS) return true;
  }
  return false;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function hasFew(text: string, bracket: string, most: number): boolean {
  let at = -1;
  for (let count = 0; count <= most; count += 1) {
    at = text.indexOf(bracket, at + 1);
    if (at < 0) return true;
  }
  return false;
}

/** Scans the text once: counts brackets and values, and replaces words outside of strings. */
class Rewriter {
  readonly #text: string;
  readonly #longNumber: NumberForm;
  readonly #notANumber: NumberForm | undefined;
  readonly #pieces: string[] = [];
  #copied = 0;

  constructor(text: string, longNumber: NumberForm, notANumber: NumberForm | undefined) {
    this.#text = text;
    this.#longNumber = longNumber;
    this.#notANumber = notANumber;
  }

  run(): string {
    const text = this.#text;
    let depth = 0;
    let values = 0;
    for (let at = 0; at < text.length; ) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) at = this.#endOfString(at);
      else if (isOfWord(code)) at = this.#word(at);
      else {
        // { and [, } and ]
        if ((code | 0x20) === 0x7b) {
          depth += 1;
          values += 1;
        } else if (code === COMMA) values += 1;
        else if ((code | 0x20) === 0x7d) depth -= 1;
        if (values > MAX_JSON_VALUES) {
          throw new WireError('too_large', `too large: JSON of more than ${MAX_JSON_VALUES} values`);
        }
        if (depth > MAX_JSON_DEPTH) {
          throw new WireError('too_deep', `JSON is nested deeper than ${MAX_JSON_DEPTH} at character ${at}`);
        }
        at += 1;
      }
    }
    if (this.#copied === 0) return text;
    return this.#pieces.join('') + text.slice(this.#copied);
  }

  #endOfString(start: number): number {
    const text = this.#text;
    for (let at = start + 1; ; at += 1) {
      at = text.indexOf('"', at);
      if (at < 0) return text.length;
      let backslashes = 0;
      while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
      if (backslashes % 2 === 0) return at + 1;
    }
  }

  #word(start: number): number {
    const text = this.#text;
    let end = start + 1;
    while (end < text.length && isOfWord(text.charCodeAt(end))) end += 1;
    const length = end - start;
    if (length <= EXACT_DIGITS && this.#notANumber === undefined) return end;
    if (length > MAX_DIGITS || (length <= EXACT_DIGITS && length > '-Infinity'.length)) return end;
    const word = text.slice(start, end);
    if (length > EXACT_DIGITS && /^-?(?:0|[1-9]\d*)$/.test(word))
      this.#replace(start, end, this.#longNumber(word));
    else if (this.#notANumber !== undefined && /^(?:NaN|-?Infinity)$/.test(word)) {
      this.#replace(start, end, this.#notANumber(word));
    }
    return end;
  }

  #replace(start: number, end: number, replacement: string): void {
    this.#pieces.push(this.#text.slice(this.#copied, start), replacement);
    this.#copied = end;
  }
}

/** Letters, digits, `+`, `-` and `.`: the characters of JSON's numbers and literals. */
function isOfWord(code: number): boolean {
  const lower = code | 0x20;
  return (
    (code >= 0x30 && code <= 0x39) ||
    (lower >= 0x61 && lower <= 0x7a) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x2b
  );
}
