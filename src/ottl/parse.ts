import { Severity } from '../record/index.ts';
import { ConditionError } from './condition-error.ts';
import type { BooleanNode, CallNode, Literal, Operator, PathNode, ValueNode } from './syntax.ts';
import { type Token, tokensOf, unquoted } from './tokens.ts';

/** Maximum nesting of parentheses, including those of functions. */
const MAX_DEPTH = 100;
const MAX_INT = 2n ** 63n - 1n;

/** A condition, or a value that has not been compared yet. */
type Operand = { readonly value: ValueNode } | { readonly boolean: BooleanNode };

/**
 * Parses a boolean expression of OTTL. `not` binds tightest, then `and`, then `or`.
 * @throws ConditionError with the column of the error
 */
export function parse(text: string): BooleanNode {
  return new Parser(tokensOf(text)).condition();
}

/**
 * Parses one value: a path, or a function.
 * @throws ConditionError with the column of the error
 */
export function parseValue(text: string): ValueNode {
  return new Parser(tokensOf(text)).onlyValue();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  condition(): BooleanNode {
    if (this.#isAtEnd) throw new ConditionError('a condition is missing', 1);
    const node = this.#boolean(this.#or(0));
    if (this.#isAtEnd) return node;
    const { text, column } = this.#token;
    if (text === 'where') throw new ConditionError('write the condition alone, without "where"', column);
    throw new ConditionError(`expected "and", "or" or the end, got ${shown(this.#token)}`, column);
  }

  onlyValue(): ValueNode {
    if (this.#isAtEnd) throw new ConditionError('a path is missing', 1);
    const node = this.#value(0);
    if (node.kind === 'literal') throw new ConditionError('expected a path, got a value', node.column);
    if (this.#isAtEnd) return node;
    throw new ConditionError(`expected the end, got ${shown(this.#token)}`, this.#token.column);
  }

  get #isAtEnd(): boolean {
    return this.#token.kind === 'end';
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #or(depth: number): Operand {
    return this.#chain('or', () => this.#chain('and', () => this.#not(depth)));
  }

  #chain(kind: 'and' | 'or', part: () => Operand): Operand {
    const { column } = this.#token;
    const first = part();
    if (!this.#isWord(kind)) return first;
    const parts = [this.#boolean(first)];
    while (this.#takeWord(kind)) parts.push(this.#boolean(part()));
    return { boolean: { kind, column, parts } };
  }

  #not(depth: number): Operand {
    const { column } = this.#token;
    if (!this.#takeWord('not')) return this.#comparison(depth);
    return { boolean: { kind: 'not', column, part: this.#boolean(this.#comparison(depth)) } };
  }

  #comparison(depth: number): Operand {
    const { column } = this.#token;
    const left = this.#operand(depth);
    const { kind, text } = this.#token;
    if (kind !== 'comparison') return left;
    this.#at += 1;
    const right = this.#operand(depth);
    const operator = text as Operator;
    return { boolean: { kind: 'compare', column, operator, left: compared(left), right: compared(right) } };
  }

  #operand(depth: number): Operand {
    const { text, column } = this.#token;
    if (text !== '(') return { value: this.#value(depth) };
    checkDepth(depth, column);
    this.#at += 1;
    const inner = this.#or(depth + 1);
    this.#expect(')');
    const isGrouped = 'boolean' in inner || inner.value.kind !== 'literal' || isNumber(inner.value.value);
    return isGrouped ? inner : { boolean: this.#boolean(inner) };
  }

  #boolean(operand: Operand): BooleanNode {
    if ('boolean' in operand) return operand.boolean;
    const { value } = operand;
    if (value.kind === 'call') return { kind: 'test', column: value.column, call: value };
    if (value.kind === 'literal' && typeof value.value === 'boolean') {
      return { kind: 'constant', column: value.column, value: value.value };
    }
    const { text, column } = this.#token;
    if (text === '=') throw new ConditionError('values are compared with "=="', column);
    if (text !== '' && '+-*/'.includes(text)) throw new ConditionError('arithmetic is not supported', column);
    if (value.kind === 'literal') throw new ConditionError('a value is not a condition', value.column);
    const path = value.fields.join('.');
    throw new ConditionError(`${path} is not a condition: compare it, as in ${path} != nil`, value.column);
  }

  #value(depth: number): ValueNode {
    const token = this.#token;
    const { kind, text, column } = token;
    this.#at += 1;
    switch (kind) {
      case 'string':
        return { kind: 'literal', column, value: unquoted(token) };
      case 'int':
      case 'float':
        return { kind: 'literal', column, value: numberOf(token, '') };
      case 'bytes':
        return { kind: 'literal', column, value: bytesOf(token) };
      case 'name':
        return this.#token.text === '('
          ? this.#call(token, depth)
          : { kind: 'literal', column, value: enumOf(token) };
      case 'word':
        return wordLiteral(token) ?? this.#path(token);
      case 'mark':
        if (text === '-' || text === '+') return this.#signed(text, column);
        break;
    }
    this.#at -= 1;
    throw new ConditionError(
      text === '[' || text === '{'
        ? 'list and map literals are not supported'
        : `expected a path, a value or a function, got ${shown(token)}`,
      column,
    );
  }

  #signed(sign: '-' | '+', column: number): ValueNode {
    const token = this.#token;
    if (token.kind !== 'int' && token.kind !== 'float') {
      throw new ConditionError('arithmetic is not supported: a sign is allowed only before a number', column);
    }
    this.#at += 1;
    return { kind: 'literal', column, value: numberOf(token, sign === '-' ? '-' : '') };
  }

  #call({ text: name, column }: Token, depth: number): CallNode {
    checkDepth(depth, this.#token.column);
    this.#expect('(');
    const args: ValueNode[] = [];
    while (this.#token.text !== ')') {
      if (args.length > 0) this.#expect(',');
      args.push(this.#value(depth + 1));
      if (this.#token.kind === 'end') this.#expect(')');
    }
    this.#expect(')');
    const { text, column: next } = this.#token;
    if ((text as string) === '[')
      throw new ConditionError('the result of a function cannot be indexed', next);
    return { kind: 'call', column, name, args };
  }

  #path(first: Token): PathNode {
    const fields = [first.text];
    const keys: (string | number)[] = [];
    for (;;) {
      if (this.#take('.')) {
        const { kind, text, column } = this.#token;
        if (kind !== 'word') throw new ConditionError(`expected a field, got ${shown(this.#token)}`, column);
        if (keys.length > 0) throw new ConditionError('fields must come before keys', column);
        fields.push(text);
        this.#at += 1;
      } else if (this.#take('[')) {
        keys.push(this.#key());
        this.#expect(']');
      } else break;
    }
    return { kind: 'path', column: first.column, fields, keys };
  }

  #key(): string | number {
    const token = this.#token;
    this.#at += 1;
    if (token.kind === 'string') return unquoted(token);
    if (token.kind === 'int' && token.text.length < 16) return Number(token.text);
    throw new ConditionError(`expected a key such as "name" or 0, got ${shown(token)}`, token.column);
  }

  #isWord(word: string): boolean {
    return this.#token.kind === 'word' && this.#token.text === word;
  }

  #takeWord(word: string): boolean {
    if (!this.#isWord(word)) return false;
    this.#at += 1;
    return true;
  }

  #take(mark: string): boolean {
    if (this.#token.kind !== 'mark' || this.#token.text !== mark) return false;
    this.#at += 1;
    return true;
  }

  #expect(mark: string): void {
    const { text, column } = this.#token;
    if (this.#take(mark)) return;
    if (text !== '' && '+-*/'.includes(text)) throw new ConditionError('arithmetic is not supported', column);
    throw new ConditionError(`expected "${mark}", got ${shown(this.#token)}`, column);
  }
}

function checkDepth(depth: number, column: number): void {
  if (depth < MAX_DEPTH) return;
  throw new ConditionError(`parentheses are nested deeper than ${MAX_DEPTH}`, column);
}

function compared(operand: Operand): ValueNode {
  if ('value' in operand) return operand.value;
  throw new ConditionError('a condition cannot be compared', operand.boolean.column);
}

function isNumber(value: Literal): boolean {
  return (
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    (typeof value === 'object' && value !== null && 'double' in value)
  );
}

function shown({ kind, text }: Token): string {
  if (kind === 'end') return 'the end';
  return kind === 'string' ? text : JSON.stringify(text);
}

function wordLiteral({ text, column }: Token): ValueNode | undefined {
  if (text === 'true' || text === 'false') return { kind: 'literal', column, value: text === 'true' };
  if (text === 'nil') return { kind: 'literal', column, value: null };
  if (text === 'null') throw new ConditionError('the null value is written nil', column);
  if (text === 'and' || text === 'or' || text === 'not') {
    throw new ConditionError(`expected a path, a value or a function, got "${text}"`, column);
  }
  return undefined;
}

function numberOf(
  { kind, text, column }: Token,
  sign: string,
): number | bigint | { readonly double: number } {
  if (kind === 'float') return { double: Number(sign + text) };
  const value = BigInt(text);
  if (value > MAX_INT) throw new ConditionError(`${text} exceeds a 64-bit integer`, column);
  const signed = sign === '-' ? -value : value;
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
}

function bytesOf({ text, column }: Token): Uint8Array {
  if (text.length % 2 !== 0) throw new ConditionError('bytes must have an even number of digits', column);
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
}

const ENUM_PREFIX = 'SEVERITY_NUMBER_';

function enumOf({ text, column }: Token): Literal {
  const name = text.startsWith(ENUM_PREFIX) ? text.slice(ENUM_PREFIX.length) : undefined;
  if (name !== undefined && Object.hasOwn(Severity, name)) return Severity[name as keyof typeof Severity];
  const hint = Object.hasOwn(Severity, text) ? `; write ${ENUM_PREFIX}${text}` : '';
  throw new ConditionError(`unknown enum ${text}${hint}`, column);
}
