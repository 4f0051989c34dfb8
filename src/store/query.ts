import type { NeededFields } from '../otlp/index.ts';
import { type Condition, compileCondition, type Patterns, requirementsOf, type Test } from '../ottl/index.ts';
import { CUT, searchable } from './indexed-text.ts';

/** A query of a store. An undefined option is no restriction. */
export interface Query {
  /** An OTTL condition. */
  readonly when?: string | undefined;
  /** Words that a record must contain, separated by white space. */
  readonly words?: string | undefined;
  /** 32 lowercase hex digits. */
  readonly trace?: string | undefined;
  /** Nanoseconds since 1970, decimal: the record's time must be at least this. */
  readonly from?: string | undefined;
  /** The record's time must be less than this. */
  readonly to?: string | undefined;
  readonly limit: number;
  /** By time of receipt. */
  readonly order: 'newest' | 'oldest';
}

/** A query, prepared for searching partitions. */
export interface Plan {
  /**
   * An FTS5 expression that matches every record that matches the query; undefined if it cannot narrow the
   * search.
   */
  readonly match: string | undefined;
  /** Whether every record that matches `match` and the time range matches the query. */
  readonly isExact: boolean;
  readonly minSeverity: number;
  readonly head: Test | undefined;
  readonly condition: Condition | undefined;
  readonly trace: string | undefined;
  /** The fields that decide whether a record matches; undefined: every record matches. */
  readonly needed: NeededFields | undefined;
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
}

/** FTS5 words consist of letters and digits; a text without them cannot be searched for. */
const SEARCHABLE = /[\p{L}\p{N}]/u;
/** The index is used for a text that certainly contains a word and is not a long document. */
const NARROWING = /^(?=.*[A-Za-z0-9])[^\0]{1,256}$/s;

/** The words that can be searched for. */
export function searchWords(words: string): string[] {
  return searchable(words)
    .split(/\s+/)
    .filter((word) => SEARCHABLE.test(word));
}

/**
 * @param patterns for regular expressions in the condition @throws ConditionError for an invalid condition
 */
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
    // A truncated record may have the text in a part that is not indexed.
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

/** A text as an FTS5 string: quotes and operators in it are data. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
