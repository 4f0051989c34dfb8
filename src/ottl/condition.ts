import type { DecodedLogRecord } from '../otlp/index.ts';
import { ConditionError } from './condition-error.ts';
import { compileCall } from './functions.ts';
import { parse, parseValue } from './parse.ts';
import { type Reader, type ResourceView, readerOf, type ScopeView } from './paths.ts';
import type { Patterns } from './patterns.ts';
import type { BooleanNode, Literal, Operator, ValueNode } from './syntax.ts';
import { compare, FAILED, isNil, likeText } from './values.ts';

/**
 * Whether a record matches; undefined if the condition fails, for example because the argument of `HasPrefix`
 * is a number. The Collector's filter processor treats that as no match (`error_mode: ignore`).
 */
export type Test = (
  record: DecodedLogRecord,
  scope: ScopeView,
  resource: ResourceView,
) => boolean | undefined;

/** A condition over log records in OTTL, the Collector's language. */
export interface Condition {
  /** The source text. */
  readonly text: string;
  readonly test: Test;
  /** The regular expression engine it was compiled with. */
  readonly patterns: Patterns | undefined;
}

/**
 * Compiles a boolean expression of OTTL's log context: paths, literals, `nil`, severity enums, comparisons,
 * `and`, `or`, `not`, parentheses, and the functions that filters use. docs/rules.md lists them, and what is
 * not supported. The results are the same as the Collector's; test/ottl/collector.test.ts compares them.
 *
 * @param patterns from `loadPatterns`, for `IsMatch`; without it `IsMatch` is an error
 * @throws ConditionError with the column, and a suggestion if there is one
 */
export function compileCondition(text: string, patterns?: Patterns): Condition {
  return { text, test: compiled(parse(text), patterns), patterns };
}

export function compiled(node: BooleanNode, patterns: Patterns | undefined): Test {
  return new Compiler(patterns).condition(node);
}

/**
 * Compiles an expression for one value of a record: a path such as `resource.attributes["service.name"]`, or
 * a function.
 * @returns a function that reads the value as text; undefined if it is nil, or has no text form
 * @throws ConditionError in the same cases as `compileCondition`
 */
export function compileValue(text: string, patterns?: Patterns): ReadText {
  const read = new Compiler(patterns).value(parseValue(text));
  return (record, scope, resource) => {
    const value = read(record, scope, resource);
    const found = value === FAILED ? FAILED : likeText(value);
    return found === FAILED ? undefined : found;
  };
}

export type ReadText = (
  record: DecodedLogRecord,
  scope: ScopeView,
  resource: ResourceView,
) => string | undefined;

class Compiler {
  readonly #patterns: Patterns | undefined;

  constructor(patterns: Patterns | undefined) {
    this.#patterns = patterns;
  }

  condition(node: BooleanNode): Test {
    switch (node.kind) {
      case 'constant': {
        const { value } = node;
        return () => value;
      }
      case 'not': {
        const part = this.condition(node.part);
        return (record, scope, resource) => {
          const result = part(record, scope, resource);
          return result === undefined ? undefined : !result;
        };
      }
      case 'and':
        return node.parts
          .map((part) => this.condition(part))
          .reduceRight((rest, first) => (record, scope, resource) => {
            const result = first(record, scope, resource);
            return result === true ? rest(record, scope, resource) : result;
          });
      case 'or':
        return node.parts
          .map((part) => this.condition(part))
          .reduceRight((rest, first) => (record, scope, resource) => {
            const result = first(record, scope, resource);
            return result === false ? rest(record, scope, resource) : result;
          });
      case 'test': {
        const { read, isBoolean } = compileCall(node.call, (arg) => this.value(arg), this.#patterns);
        if (!isBoolean)
          throw new ConditionError(`${node.call.name} is not a condition: compare its result`, node.column);
        return (record, scope, resource) => {
          const value = read(record, scope, resource);
          return value === FAILED ? undefined : value === true;
        };
      }
      case 'compare':
        return compiledComparison(node.operator, node, (side) => this.value(side));
    }
  }

  value(node: ValueNode): Reader {
    switch (node.kind) {
      case 'literal': {
        const { value } = node;
        return () => value;
      }
      case 'path':
        return readerOf(node);
      case 'call':
        return compileCall(node, (arg) => this.value(arg), this.#patterns).read;
    }
  }
}

const MIRRORED: Readonly<Record<Operator, Operator>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

function compiledComparison(
  operator: Operator,
  { left, right }: { readonly left: ValueNode; readonly right: ValueNode },
  compiledValue: (node: ValueNode) => Reader,
): Test {
  if (right.kind === 'literal') return againstLiteral(operator, compiledValue(left), right.value);
  if (left.kind === 'literal') return againstLiteral(MIRRORED[operator], compiledValue(right), left.value);
  const one = compiledValue(left);
  const other = compiledValue(right);
  return (record, scope, resource) => {
    const value = one(record, scope, resource);
    if (value === FAILED) return undefined;
    const against = other(record, scope, resource);
    return against === FAILED ? undefined : compare(operator, value, against);
  };
}

/** The most common comparisons, specialized at compile time. */
function againstLiteral(operator: Operator, read: Reader, literal: Literal): Test {
  const isEqual = operator === '==';
  if ((isEqual || operator === '!=') && (literal === null || typeof literal === 'string')) {
    return literal === null
      ? (record, scope, resource) => {
          const value = read(record, scope, resource);
          return value === FAILED ? undefined : isNil(value) === isEqual;
        }
      : (record, scope, resource) => {
          const value = read(record, scope, resource);
          return value === FAILED ? undefined : (value === literal) === isEqual;
        };
  }
  return (record, scope, resource) => {
    const value = read(record, scope, resource);
    return value === FAILED ? undefined : compare(operator, value, literal);
  };
}
