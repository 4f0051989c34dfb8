import { type Condition, ConditionError, compileCondition, type Patterns } from '../ottl/index.ts';
import { type Query, searchWords } from '../store/index.ts';
import { parseDuration } from '../text/index.ts';

const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 100_000;
const MAX_NANOS = 2n ** 64n;

/** A parameter is invalid. */
export class QueryError extends Error {
  readonly parameter: string;
  readonly column: number | undefined;

  constructor(parameter: string, message: string, column?: number) {
    super(message);
    this.parameter = parameter;
    this.column = column;
  }
}

/** The parameters of `/api/v1/tail`. */
export interface TailQuery {
  readonly condition: Condition | undefined;
  readonly sinceMillis: number | undefined;
}

type Parameters = URLSearchParams;

const COUNTED: readonly string[] = ['when', 'words', 'trace', 'from', 'to'];

/** @throws QueryError */
export function recordsQuery(query: Parameters, patterns: Patterns | undefined): Query {
  checkNames(query, [...COUNTED, 'limit', 'order']);
  return { ...bounds(query, patterns), limit: limitOf(query), order: orderOf(query) };
}

/** @throws QueryError */
export function countQuery(query: Parameters, patterns: Patterns | undefined): Query {
  checkNames(query, COUNTED);
  return { ...bounds(query, patterns), limit: 1, order: 'newest' };
}

/** @throws QueryError */
export function tailQuery(query: Parameters, patterns: Patterns | undefined): TailQuery {
  checkNames(query, ['when', 'since']);
  const condition = conditionOf(query, patterns);
  const since = query.get('since') ?? undefined;
  if (since === undefined) return { condition, sinceMillis: undefined };
  const sinceMillis = parseDuration(since);
  if (sinceMillis !== undefined) return { condition, sinceMillis };
  throw new QueryError('since', `since must be a duration such as 5m, got ${JSON.stringify(since)}`);
}

function bounds(query: Parameters, patterns: Patterns | undefined) {
  const words = query.get('words') ?? undefined;
  if (words !== undefined && searchWords(words).length === 0) {
    throw new QueryError('words', `words must have a letter or a digit, got ${JSON.stringify(words)}`);
  }
  const trace = query.get('trace')?.toLowerCase();
  if (trace !== undefined && !/^[0-9a-f]{32}$/.test(trace)) {
    throw new QueryError('trace', `trace must be 32 hex digits, got ${JSON.stringify(trace)}`);
  }
  const when = conditionOf(query, patterns)?.text;
  return { when, words, trace, from: nanosOf(query, 'from'), to: nanosOf(query, 'to') };
}

function conditionOf(query: Parameters, patterns: Patterns | undefined): Condition | undefined {
  const when = query.get('when');
  if (when === null) return undefined;
  try {
    return compileCondition(when, patterns);
  } catch (error) {
    if (error instanceof ConditionError) throw new QueryError('when', error.message, error.column);
    throw error;
  }
}

function nanosOf(query: Parameters, name: 'from' | 'to'): string | undefined {
  const text = query.get(name) ?? undefined;
  if (text === undefined || (/^\d{1,20}$/.test(text) && BigInt(text) <= MAX_NANOS)) return text;
  throw new QueryError(name, `${name} must be nanoseconds since 1970, got ${JSON.stringify(text)}`);
}

function limitOf(query: Parameters): number {
  const text = query.get('limit');
  if (text === null) return DEFAULT_LIMIT;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new QueryError('limit', `limit must be from 1 to ${MAX_LIMIT}, got ${JSON.stringify(text)}`);
}

function orderOf(query: Parameters): 'newest' | 'oldest' {
  const order = query.get('order') ?? 'newest';
  if (order === 'newest' || order === 'oldest') return order;
  throw new QueryError('order', `order must be newest or oldest, got ${JSON.stringify(order)}`);
}

function checkNames(query: Parameters, known: readonly string[]): void {
  for (const name of new Set(query.keys())) {
    if (!known.includes(name)) {
      throw new QueryError(
        name,
        `unknown parameter ${JSON.stringify(name)}; expected one of ${known.join(', ')}`,
      );
    }
    if (query.getAll(name).length > 1) throw new QueryError(name, `${name} is given more than once`);
  }
}
