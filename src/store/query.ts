import type { NeededFields } from '../otlp/index.ts';
import { type Condition, compileCondition, type Patterns, requirementsOf, type Test } from '../ottl/index.ts';
import { CUT, searchable } from './indexed-text.ts';

/** What is asked of a store. Absent: no bound of that kind. */
export interface Query {
  /** A condition in OTTL. */
  readonly when?: string | undefined;
  /** Words that a record must have, separated by blanks. */
  readonly words?: string | undefined;
  /** 32 lowercase hex digits. */
  readonly trace?: string | undefined;
  /** Nanoseconds since 1970, decimal: the record's time is at least this one. */
  readonly from?: string | undefined;
  /** The record's time is less than this one. */
  readonly to?: string | undefined;
  readonly limit: number;
  /** By receipt. */
  readonly order: 'newest' | 'oldest';
}

/** A query as partitions are searched by it. */
export interface Plan {
  /** An expression of FTS5 that every record fits which fits the query; undefined: it cannot narrow the search. */
  readonly match: string | undefined;
  /** Whether every record that fits `match` and lies in the time fits the query. */
  readonly isExact: boolean;
  readonly minSeverity: number;
  readonly head: Test | undefined;
  readonly condition: Condition | undefined;
  readonly trace: string | undefined;
  /** What decides of a record; undefined: every one fits. */
  readonly needed: NeededFields | undefined;
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
}

/** FTS5 has words of letters and digits; without one a text cannot be looked for. */
const SEARCHABLE = /[\p{L}\p{N}]/u;
/** A text is looked for by the index if it surely has a word, and is no long document. */
const NARROWING = /^(?=.*[A-Za-z0-9])[^\0]{1,256}$/s;

/** The words of a search that can be looked for. */
export function searchWords(words: string): string[] {
  return searchable(words)
    .split(/\s+/)
    .filter((word) => SEARCHABLE.test(word));
}

/** @param patterns for regular expressions in the condition @throws ConditionError for a wrong condition */
export function planOf({ when, words, trace, from, to }: Query, patterns: Patterns | undefined): Plan {
  const condition = when === undefined ? undefined : compileCondition(when, patterns);
  const needed = condition === undefined ? undefined : requirementsOf(condition);
  const parts: string[] = [];
  if (words !== undefined) {
    const all = searchWords(words).map(quoted).join(' AND ');
    parts.push(`({body attributes} : (${all}))`);
  }
  for (const id of [trace, needed?.traceId]) if (id !== undefined) parts.push(`(more : ${quoted(id)})`);
  for (const { in: column, text } of needed?.texts ?? []) {
    // What was cut may have it where it is not in the index.
    if (NARROWING.test(text)) {
      parts.push(`((${column} : ${quoted(searchable(text))}) OR (more : ${quoted(CUT)}))`);
    }
  }
  return {
    match: parts.length === 0 ? undefined : parts.join(' AND '),
    isExact: condition === undefined && from === undefined && to === undefined,
    minSeverity: needed?.minSeverity ?? 0,
    head: needed?.head,
    condition,
    trace,
    needed: needed?.needed,
    from: from === undefined ? undefined : BigInt(from),
    to: to === undefined ? undefined : BigInt(to),
  };
}

/** A text as a string of FTS5: quotes and operators in it are data. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
