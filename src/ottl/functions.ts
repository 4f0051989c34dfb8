import { isBytes, isMap, isWholeDouble } from '../otlp/index.ts';
import { problemText } from '../record/index.ts';
import { suggestion } from '../settings/index.ts';
import { ConditionError } from './condition-error.ts';
import type { Reader } from './paths.ts';
import { type Pattern, type Patterns, WITHOUT_PATTERNS } from './patterns.ts';
import type { CallNode, ValueNode } from './syntax.ts';
import { compare, FAILED, isInt, isNil, likeText, type Read, type Value } from './values.ts';

/** A compiled function call. It returns FAILED if an argument has an unsupported type. */
export interface CompiledCall {
  readonly read: Reader;
  /** Whether it returns a boolean, so that it can be used as a condition. */
  readonly isBoolean: boolean;
}

/** Regular expressions search at most this many characters of a text. */
export const MAX_MATCHED = 65_536;

type Make = (call: CallNode, args: readonly Reader[], patterns: Patterns | undefined) => Reader;

const functions: Readonly<Record<string, { readonly args: readonly string[]; readonly make: Make }>> = {
  IsMatch: { args: ['target', 'pattern'], make: isMatch },
  IsString: { args: ['value'], make: (_, [value]) => test(value!, (found) => typeof found === 'string') },
  IsInt: { args: ['value'], make: (_, [value]) => test(value!, isInt) },
  IsDouble: { args: ['value'], make: (_, [value]) => test(value!, isDouble) },
  IsBool: { args: ['value'], make: (_, [value]) => test(value!, (found) => typeof found === 'boolean') },
  IsMap: { args: ['value'], make: (_, [value]) => test(value!, (found) => !isNil(found) && isMap(found)) },
  HasPrefix: { args: ['target', 'prefix'], make: ofTexts((text, prefix) => text.startsWith(prefix)) },
  HasSuffix: { args: ['target', 'suffix'], make: ofTexts((text, suffix) => text.endsWith(suffix)) },
  ContainsValue: { args: ['target', 'item'], make: (_, [target, item]) => containsValue(target!, item!) },
  Len: { args: ['target'], make: (_, [target]) => lengthOf(target!) },
};

/**
 * @param readerOf compiles an argument
 * @param patterns compiles the regular expressions; undefined if no engine is available
 * @throws ConditionError for an unknown function, or invalid arguments
 */
export function compileCall(
  call: CallNode,
  readerOf: (node: ValueNode) => Reader,
  patterns: Patterns | undefined,
): CompiledCall {
  const { name, column, args } = call;
  const found = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (found === undefined) {
    throw new ConditionError(`unknown function ${name}${suggestion(name, Object.keys(functions))}`, column);
  }
  if (args.length !== found.args.length) {
    throw new ConditionError(
      `${name} takes ${found.args.join(' and ')}, got ${args.length} arguments`,
      column,
    );
  }
  return { read: found.make(call, args.map(readerOf), patterns), isBoolean: name !== 'Len' };
}

function test(read: Reader, passes: (value: Value) => boolean): Reader {
  return (record, scope, resource) => {
    const value = read(record, scope, resource);
    return value === FAILED ? FAILED : passes(value);
  };
}

function isDouble(value: Value): boolean {
  if (isNil(value)) return false;
  return (
    (typeof value === 'number' && !Number.isSafeInteger(value)) ||
    (typeof value === 'object' && isWholeDouble(value))
  );
}

function ofTexts(passes: (text: string, other: string) => boolean): Make {
  return (_, [target, other]) =>
    (record, scope, resource) => {
      const text = target!(record, scope, resource);
      const part = other!(record, scope, resource);
      if (typeof text !== 'string' || typeof part !== 'string') return FAILED;
      return passes(text, part);
    };
}

/** Searches a bounded part of the text, which bounds the cost of long ones. */
function isMatch({ args }: CallNode, [target]: readonly Reader[], patterns: Patterns | undefined): Reader {
  const pattern = args[1]!;
  if (pattern.kind !== 'literal' || typeof pattern.value !== 'string') {
    throw new ConditionError('the pattern of IsMatch must be a string', pattern.column);
  }
  const compiled = compiledPattern(pattern.value, pattern.column, patterns);
  return (record, scope, resource) => {
    const value: Read = target!(record, scope, resource);
    const text = value === FAILED ? FAILED : likeText(value);
    if (text === FAILED) return FAILED;
    return text !== undefined && compiled.test(text.slice(0, MAX_MATCHED));
  };
}

function compiledPattern(pattern: string, column: number, patterns: Patterns | undefined): Pattern {
  if (patterns === undefined) throw new ConditionError(WITHOUT_PATTERNS, column);
  try {
    return patterns.compile(pattern);
  } catch (error) {
    throw new ConditionError(problemText(error), column);
  }
}

function containsValue(target: Reader, item: Reader): Reader {
  return (record, scope, resource) => {
    const list = target(record, scope, resource);
    const wanted = item(record, scope, resource);
    if (list === FAILED || wanted === FAILED || !Array.isArray(list)) return FAILED;
    return list.some((each) => compare('==', each, wanted));
  };
}

/** Bytes of a text, as in Go, or entries of a list or map. */
function lengthOf(target: Reader): Reader {
  return (record, scope, resource) => {
    const value = target(record, scope, resource);
    if (value === FAILED || isNil(value)) return FAILED;
    if (typeof value === 'string') return Buffer.byteLength(value);
    if (typeof value !== 'object' || isWholeDouble(value)) return FAILED;
    return isMap(value) ? value.entries.length : isBytes(value) ? value.byteLength : value.length;
  };
}
