/** Names of the list that may be long in the request, a resource and a scope; indexed by depth. */
const LISTS: readonly (readonly string[])[] = [
  ['resourceLogs', 'resource_logs'],
  ['scopeLogs', 'scope_logs'],
  ['logRecords', 'log_records'],
];
const MAX_NAME_BYTES = 16;
const PIECE_BYTES = 262_144;
/** After scanning this many bytes, the generator yields so that the process can do other work. */
const PAUSE_BYTES = 1_048_576;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LIST_BEGIN = 0x5b;
const OBJECT_BEGIN = 0x7b;
const OBJECT_END = 0x7d;

/** A part of a request, itself a valid request, and the byte at which it begins. */
export interface JsonPiece {
  readonly json: Uint8Array;
  readonly at: number;
}

/** The text around a piece: the members of the request, resource and scope to which it belongs. */
interface Enclosing {
  readonly before: readonly Uint8Array[];
  readonly after: readonly Uint8Array[];
  /**
   * Minimum size of the items of a piece: `pieceBytes` plus the text around them. The last piece may be
   * smaller.
   */
  readonly minBytes: number;
}

/**
 * Splits an OTLP/JSON request between its resources, scopes or records, so that only a part of it is parsed
 * into objects at a time. The pieces, read in order, are equivalent to the request. Each piece repeats the
 * resource and scope of its records and is at least as large as these, so all pieces together have at most
 * about twice the bytes of the request.
 *
 * Only brackets and strings are scanned. All text except a comma between two pieces is part of a piece, so
 * invalid JSON fails when the pieces are parsed. Text that cannot be split is one piece of any size: a
 * record, an object that contains one of the lists twice, and an object with an escape sequence in a member
 * name.
 *
 * @param pieceBytes size of a piece, unless a single record is larger
 * @returns pieces, and undefined wherever the caller may pause
 */
export function* jsonPieces(
  json: Uint8Array,
  pieceBytes = PIECE_BYTES,
): Generator<JsonPiece | undefined, void> {
  const start = afterSpace(json, 0);
  if (json.length <= pieceBytes) yield { json, at: 0 };
  else yield* pieces(json, { start, end: json.length }, 0, { before: [], after: [], minBytes: pieceBytes });
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function* pieces(
  json: Uint8Array,
  object: Span,
  depth: number,
  outer: Enclosing,
): Generator<JsonPiece | undefined, void> {
  const list = yield* longList(json, object, LISTS[depth]!);
  const first = list === undefined ? 0 : afterSpace(json, list.start + 1);
  if (list === undefined || first >= list.end - 1) return yield pieceOf(json, object, outer);
  const last = list.end - 1;
  const enclosing = {
    before: [...outer.before, json.subarray(object.start, list.start + 1)],
    after: [json.subarray(last, object.end), ...outer.after],
    minBytes: outer.minBytes + (list.start + 1 - object.start) + (object.end - last),
  };
  const enough = enclosing.minBytes;
  /** Items that are not yet part of a piece. */
  let items: Span | undefined;
  for (let at = first; ; ) {
    const item = { start: at, end: yield* afterValue(json, at, last) };
    const isLarge = item.end - item.start > enough && json[item.start] === OBJECT_BEGIN;
    if (isLarge && depth + 1 < LISTS.length) {
      if (items !== undefined) yield pieceOf(json, items, enclosing);
      items = undefined;
      yield* pieces(json, item, depth + 1, enclosing);
    } else {
      items = { start: items?.start ?? item.start, end: item.end };
      if (items.end - items.start >= enough) {
        yield pieceOf(json, items, enclosing);
        items = undefined;
      }
    }
    at = afterSpace(json, item.end);
    if (at >= last) break;
    // Invalid JSON becomes one piece together with all that follows, and fails when it is parsed.
    const next = json[at] === COMMA ? afterSpace(json, at + 1) : last;
    if (next >= last || item.end === item.start) {
      yield pieceOf(json, { start: items?.start ?? item.start, end: last }, enclosing);
      return;
    }
    at = next;
  }
  if (items !== undefined) yield pieceOf(json, items, enclosing);
}

function pieceOf(json: Uint8Array, { start, end }: Span, { before, after }: Enclosing): JsonPiece {
  const part = json.subarray(start, end);
  return { json: before.length === 0 ? part : Buffer.concat([...before, part, ...after]), at: start };
}

/** @returns the position of the list with one of these names, if the object has exactly one */
function* longList(
  json: Uint8Array,
  { start, end }: Span,
  names: readonly string[],
): Generator<undefined, Span | undefined> {
  let found: Span | undefined;
  if (json[start] !== OBJECT_BEGIN) return undefined;
  for (let at = start; at === start || json[at] === COMMA; ) {
    const name = afterSpace(json, at + 1);
    if (json[name] !== QUOTE) return undefined;
    const nameEnd = afterString(json, name, end);
    // An escaped name may also denote the list. A second list would override the first one, in every piece.
    if (json.subarray(name, nameEnd).includes(BACKSLASH)) return undefined;
    const colon = afterSpace(json, nameEnd);
    if (json[colon] !== COLON) return undefined;
    const value = afterSpace(json, colon + 1);
    const valueEnd = yield* afterValue(json, value, end);
    if (json[value] === LIST_BEGIN && isOneOf(json, name + 1, nameEnd - 1, names)) {
      if (found !== undefined) return undefined;
      found = { start: value, end: valueEnd };
    }
    at = afterSpace(json, valueEnd);
    if (json[at] === OBJECT_END) return found;
  }
  return undefined;
}

function isOneOf(json: Uint8Array, start: number, end: number, names: readonly string[]): boolean {
  return end - start <= MAX_NAME_BYTES && names.includes(String.fromCharCode(...json.subarray(start, end)));
}

/** @returns the end of the value that starts here, or `end` if the value does not end before it */
function* afterValue(json: Uint8Array, start: number, end: number): Generator<undefined, number> {
  let depth = 0;
  let pausedAt = start;
  for (let at = start; at < end; ) {
    const code = json[at]!;
    if (code === QUOTE) at = afterString(json, at, end);
    else {
      // { and [, } and ]
      if ((code | 0x20) === 0x7b) depth += 1;
      else if ((code | 0x20) === 0x7d) {
        if (depth === 0) return at;
        depth -= 1;
      } else if (depth === 0) {
        if (code === COMMA || isSpace(code)) return at;
        at += 1;
        continue;
      }
      at += 1;
    }
    if (depth === 0) return at;
    if (at - pausedAt > PAUSE_BYTES) {
      pausedAt = at;
      yield undefined;
    }
  }
  return end;
}

function afterString(json: Uint8Array, start: number, end: number): number {
  for (let at = start + 1; at < end; at += 1) {
    const code = json[at];
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at += 1;
  }
  return end;
}

function afterSpace(json: Uint8Array, start: number): number {
  let at = start;
  while (isSpace(json[at])) at += 1;
  return at;
}

function isSpace(code: number | undefined): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
