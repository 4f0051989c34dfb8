/**
 * The tokens of OTTL, the Collector's language. Source: pkg/ottl of opentelemetry-collector-contrib,
 * "Grammar".
 */
import { ConditionError } from './condition-error.ts';

export type TokenKind =
  | 'bytes'
  | 'float'
  | 'int'
  | 'string'
  /** A word that begins with a lowercase letter: a field of a path, or a keyword. */
  | 'word'
  /** A word that begins with an uppercase letter: a function or an enum. */
  | 'name'
  | 'comparison'
  /** One of `( ) [ ] { } , . : + - * / =`. */
  | 'mark'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** The column of its first character, from 1. */
  readonly column: number;
}

/** Maximum length of a condition, which bounds the cost of reading it. */
export const MAX_LENGTH = 10_000;

/** The first pattern that matches is used. */
const PATTERNS: readonly (readonly [TokenKind, RegExp])[] = [
  ['bytes', /0x[a-fA-F0-9]+/y],
  ['float', /(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?/y],
  ['int', /\d+/y],
  ['string', /"(?:\\.|[^\\"])*"/y],
  ['comparison', /==|!=|>=|<=|>|</y],
  ['mark', /[()[\]{},.:+\-*/=]/y],
  ['name', /[A-Z]\w*/y],
  ['word', /[a-z][a-z0-9_]*/y],
];
const SPACE = /\s+/y;

/** @throws ConditionError at the first character that cannot begin a token */
export function tokensOf(text: string): Token[] {
  if (text.length > MAX_LENGTH) {
    throw new ConditionError(
      `a condition must have at most ${MAX_LENGTH} characters, got ${text.length}`,
      MAX_LENGTH,
    );
  }
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += lengthAt(SPACE, text, at);
    if (at >= text.length) break;
    const token = tokenAt(text, at);
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: 'end', text: '', column: text.length + 1 });
  return tokens;
}

function tokenAt(text: string, at: number): Token {
  for (const [kind, pattern] of PATTERNS) {
    const length = lengthAt(pattern, text, at);
    if (length > 0) return { kind, text: text.slice(at, at + length), column: at + 1 };
  }
  if (text[at] === '"') throw new ConditionError('a string has no closing quotation mark', at + 1);
  if (text[at] === "'") throw new ConditionError('a string must be in double quotation marks', at + 1);
  const character = String.fromCodePoint(text.codePointAt(at)!);
  throw new ConditionError(`unexpected character ${JSON.stringify(character)}`, at + 1);
}

function lengthAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

/**
 * The value of a string token, by Go's rules for quoted strings.
 * @throws ConditionError at an unknown escape
 */
export function unquoted({ text, column }: Token): string {
  let result = '';
  let at = 1;
  while (at < text.length - 1) {
    if (text[at] === '\n')
      throw new ConditionError('a string must not contain a line break: write \\n', column + at);
    if (text[at] !== '\\') {
      result += text[at];
      at += 1;
      continue;
    }
    const simple = ESCAPES[text[at + 1]!];
    if (simple !== undefined) {
      result += simple;
      at += 2;
      continue;
    }
    const [sequence, code] = numbered(text, at);
    if (sequence === '' || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      throw new ConditionError(
        `unknown escape ${text.slice(at, at + 2)}; a backslash is written \\\\`,
        column + at,
      );
    }
    result += String.fromCodePoint(code);
    at += sequence.length;
  }
  return result;
}

/** A numeric escape, such as `\x41`, `\101`, `\u0041`. */
function numbered(text: string, at: number): readonly [sequence: string, code: number] {
  const octal = /\\([0-3][0-7]{2})/y;
  octal.lastIndex = at;
  const byOctal = octal.exec(text);
  if (byOctal !== null) return [byOctal[0], Number.parseInt(byOctal[1]!, 8)];
  const hex = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/y;
  hex.lastIndex = at;
  const byHex = hex.exec(text);
  if (byHex === null) return ['', 0];
  return [byHex[0], Number.parseInt(byHex[1] ?? byHex[2] ?? byHex[3]!, 16)];
}
