import type { DecodedLogRecord } from '../otlp/index.ts';
import { ConditionError } from './condition-error.ts';
import { compileCall } from './functions.ts';
import { parse } from './parse.ts';
import { type Reader, type ResourceView, readerOf, type ScopeView } from './paths.ts';
import type { BooleanNode, Literal, Operator, ValueNode } from './syntax.ts';
import { compare, FAILED, isNil } from './values.ts';

/**
 * Whether a record fits; undefined where that cannot be said, for example since `HasPrefix` met a number. The
 * Collector's filter processor counts that as no match (`error_mode: ignore`).
 */
export type Test = (
  record: DecodedLogRecord,
  scope: ScopeView,
  resource: ResourceView,
) => boolean | undefined;

/** A condition over log records in OTTL, the Collector's language. */
export interface Condition {
  /** The text that it was made from. */
  readonly text: string;
  readonly test: Test;
}

/**
 * Compiles a boolean expression of OTTL's log context: paths, literals, `nil`, severity enums, comparisons, `and`,
 * `or`, `not`, parentheses, and the functions that filters use. docs/rules.md has the list, and what is left out.
 * The answers are the Collector's; test/ottl/collector.test.ts compares them.
 *
 * @throws ConditionError with the column, and a suggestion where there is one
 */
export function compileCondition(text: string): Condition {
  return { text, test: compiled(parse(text)) };
}

export function compiled(node: BooleanNode): Test {
  switch (node.kind) {
    case 'constant': {
      const { value } = node;
      return () => value;
    }
    case 'not': {
      const part = compiled(node.part);
      return (record, scope, resource) => {
        const result = part(record, scope, resource);
        return result === undefined ? undefined : !result;
      };
    }
    case 'and':
      return node.parts.map(compiled).reduceRight((rest, first) => (record, scope, resource) => {
        const result = first(record, scope, resource);
        return result === true ? rest(record, scope, resource) : result;
      });
    case 'or':
      return node.parts.map(compiled).reduceRight((rest, first) => (record, scope, resource) => {
        const result = first(record, scope, resource);
        return result === false ? rest(record, scope, resource) : result;
      });
    case 'test': {
      const { read, isBoolean } = compileCall(node.call, compiledValue);
      if (!isBoolean) throw new ConditionError(`compare what ${node.call.name} returns`, node.column);
      return (record, scope, resource) => {
        const value = read(record, scope, resource);
        return value === FAILED ? undefined : value === true;
      };
    }
    case 'compare':
      return compiledComparison(node.operator, node.left, node.right);
  }
}

function compiledValue(node: ValueNode): Reader {
  switch (node.kind) {
    case 'literal': {
      const { value } = node;
      return () => value;
    }
    case 'path':
      return readerOf(node);
    case 'call':
      return compileCall(node, compiledValue).read;
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

function compiledComparison(operator: Operator, left: ValueNode, right: ValueNode): Test {
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

/** The comparisons that most conditions consist of, without a decision that could have been taken before. */
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
