/** Whether a member of the request, of a resource or of a scope is the list that may be long; by depth. */
const LISTS: readonly (readonly string[])[] = [
  ['resourceLogs', 'resource_logs'],
  ['scopeLogs', 'scope_logs'],
  ['logRecords', 'log_records'],
];
const MAX_NAME_BYTES = 16;
const PIECE_BYTES = 262_144;
/** The other work of the process may go on after so much was looked through. */
const PAUSE_BYTES = 1_048_576;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LIST_BEGIN = 0x5b;
const OBJECT_BEGIN = 0x7b;
const OBJECT_END = 0x7d;

/** A part of a request that is a request by itself, and the byte at which it begins. */
export interface JsonPiece {
  readonly json: Uint8Array;
  readonly at: number;
}

/** What stands before and behind a piece: the members of the request, resource and scope that it belongs to. */
interface Around {
  readonly before: readonly Uint8Array[];
  readonly behind: readonly Uint8Array[];
  /** A piece is no smaller than all this, if there is enough. */
  readonly least: number;
}

/**
 * Cuts a request in OTLP/JSON between its resources, scopes or records, so that only a part of it has to be objects at a
 * time. Read one after the other, the pieces are the request. Each has the resource and the scope of its records, so a
 * piece is no smaller than these: all pieces together have at most about twice the bytes of the request.
 *
 * It looks for brackets and strings only. All text except a comma between two pieces is part of a piece, so what is no
 * JSON fails when the pieces are read. What it cannot cut, such as a record or an object that has one of the lists twice,
 * is one piece, whatever its size; so is an object with escapes in the name of a member.
 *
 * @param pieceBytes what is read at a time, if no single record is larger
 * @returns pieces, and undefined where it may pause
 */
export function* jsonPieces(
  json: Uint8Array,
  pieceBytes = PIECE_BYTES,
): Generator<JsonPiece | undefined, void> {
  const start = afterSpace(json, 0);
  if (json.length <= pieceBytes) yield { json, at: 0 };
  else yield* pieces(json, { start, end: json.length }, 0, { before: [], behind: [], least: pieceBytes });
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function* pieces(
  json: Uint8Array,
  object: Span,
  depth: number,
  outer: Around,
): Generator<JsonPiece | undefined, void> {
  const list = yield* longList(json, object, LISTS[depth]!);
  const first = list === undefined ? 0 : afterSpace(json, list.start + 1);
  if (list === undefined || first >= list.end - 1) return yield pieceOf(json, object, outer);
  const last = list.end - 1;
  const around = {
    before: [...outer.before, json.subarray(object.start, list.start + 1)],
    behind: [json.subarray(last, object.end), ...outer.behind],
    least: outer.least + (list.start + 1 - object.start) + (object.end - last),
  };
  const enough = around.least;
  /** Items that are not part of a piece yet. */
  let items: Span | undefined;
  for (let at = first; ; ) {
    const item = { start: at, end: yield* afterValue(json, at, last) };
    const isLarge = item.end - item.start > enough && json[item.start] === OBJECT_BEGIN;
    if (isLarge && depth + 1 < LISTS.length) {
      if (items !== undefined) yield pieceOf(json, items, around);
      items = undefined;
      yield* pieces(json, item, depth + 1, around);
    } else {
      items = { start: items?.start ?? item.start, end: item.end };
      if (items.end - items.start >= enough) {
        yield pieceOf(json, items, around);
        items = undefined;
      }
    }
    at = afterSpace(json, item.end);
    if (at >= last) break;
    // What is no JSON is a piece with all that follows, and fails when it is read.
    const next = json[at] === COMMA ? afterSpace(json, at + 1) : last;
    if (next >= last || item.end === item.start) {
      yield pieceOf(json, { start: items?.start ?? item.start, end: last }, around);
      return;
    }
    at = next;
  }
  if (items !== undefined) yield pieceOf(json, items, around);
}

function pieceOf(json: Uint8Array, { start, end }: Span, { before, behind }: Around): JsonPiece {
  const part = json.subarray(start, end);
  return { json: before.length === 0 ? part : Buffer.concat([...before, part, ...behind]), at: start };
}

/** @returns where the list of one of these names stands in the object, if there is exactly one */
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
    // Escapes may say the name of the list another way: a second one would win, in each piece again.
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

/** @returns behind the value that begins here; `end` if it does not end before */
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
