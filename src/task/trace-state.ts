import type { TraceState } from '@opentelemetry/api';
import { withoutBlanks } from './traceparent.ts';

/** W3C Trace Context, 3.3.1.1: a list with more members is invalid. */
const MAX_MEMBERS = 32;
/** 3.3.1.5: at least this many characters must be propagated; a longer list is shortened by whole members. */
const MAX_CHARACTERS = 512;
/** 3.3.1.5: members longer than this are dropped first. */
const LONG_MEMBER = 128;

/** 3.3.1.3.1, level 2: a key may also start with a digit. */
const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
/** 3.3.1.3.2: printable ASCII without comma and equals sign, and without a trailing space. */
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/** An immutable `tracestate`: the members of vendors, newest first. */
class MemberList implements TraceState {
  readonly #members: readonly (readonly [string, string])[];

  constructor(members: readonly (readonly [string, string])[]) {
    this.#members = members;
  }

  get(key: string): string | undefined {
    return this.#members.find(([name]) => name === key)?.[1];
  }

  set(key: string, value: string): TraceState {
    if (!KEY.test(key) || !VALUE.test(value)) return this;
    const others = this.#members.filter(([name]) => name !== key);
    return new MemberList(bounded([[key, value], ...others]));
  }

  unset(key: string): TraceState {
    return new MemberList(this.#members.filter(([name]) => name !== key));
  }

  serialize(): string {
    return this.#members.map(([key, value]) => `${key}=${value}`).join(',');
  }
}

/**
 * Parses a `tracestate` by W3C Trace Context, level 2 (section 3.3). A list that is malformed, or has more
 * than 32 members, is discarded completely. If a key occurs several times, the first member is kept, which is
 * the newest.
 * @returns undefined if the list is empty or discarded
 */
export function parseTraceState(header: string): TraceState | undefined {
  const members: [string, string][] = [];
  const seen = new Set<string>();
  let count = 0;
  for (const part of header.split(',')) {
    const member = withoutBlanks(part);
    if (member === '') continue;
    count += 1;
    if (count > MAX_MEMBERS) return undefined;
    const equals = member.indexOf('=');
    const key = member.slice(0, Math.max(equals, 0));
    const value = member.slice(equals + 1);
    if (!KEY.test(key) || !VALUE.test(value)) return undefined;
    if (seen.has(key)) continue;
    seen.add(key);
    members.push([key, value]);
  }
  return members.length === 0 ? undefined : new MemberList(bounded(members));
}

/** Drops whole members until the bounds are met: long ones first, then the oldest, from the right. */
function bounded(members: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
  const kept = members.slice(0, MAX_MEMBERS);
  const length = () => kept.reduce((sum, [key, value]) => sum + key.length + value.length + 2, -1);
  for (let at = kept.length - 1; at >= 0 && length() > MAX_CHARACTERS; at -= 1) {
    const [key, value] = kept[at]!;
    if (key.length + value.length + 1 > LONG_MEMBER) kept.splice(at, 1);
  }
  while (length() > MAX_CHARACTERS) kept.pop();
  return kept;
}
