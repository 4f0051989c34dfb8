import { BURSTLOG_TRUNCATED_FROM } from './attributes.ts';
import type { ReadableLogRecordLike } from './otel.ts';
import { attributesSize, CHARACTER_BYTES, RECORD_BYTES, VALUE_BYTES } from './size.ts';
import { boundedSnapshot } from './snapshot.ts';
import { LogRecordView } from './view.ts';

/** A record that nobody changes any more, and its estimated size in bytes. */
export interface FrozenRecord {
  readonly record: ReadableLogRecordLike;
  readonly size: number;
}

/**
 * A record as it can wait for its export: an object body is copied, since the application may change the
 * object, and a record bigger than `maxBytes` is truncated, see `truncate`. The work is bounded by `maxBytes`
 * too.
 */
export function freeze(record: ReadableLogRecordLike, maxBytes: number): FrozenRecord {
  const { body } = record;
  const size = attributesSize(record.attributes);
  if (typeof body === 'object' && body !== null) {
    const { value, bytes, missingBytes } = boundedSnapshot(body, maxBytes);
    const copy = { record: new LogRecordView(record, {}, value), size: size + bytes };
    if (missingBytes === 0 && copy.size <= maxBytes) return copy;
    return truncate(copy.record, maxBytes, copy.size + missingBytes);
  }
  const whole = typeof body === 'string' ? size + body.length * CHARACTER_BYTES : size;
  return whole <= maxBytes ? { record, size: whole } : truncate(record, maxBytes, whole);
}

/** The estimated size of a record, in bytes. */
export function recordSize(record: ReadableLogRecordLike): number {
  const { body } = record;
  const size = attributesSize(record.attributes);
  if (typeof body === 'string') return size + body.length * CHARACTER_BYTES;
  return typeof body === 'object' && body !== null ? size + valueSize(body) : size;
}

/**
 * The start of a record that is too big: an error of ten megabytes should arrive as its first megabyte rather
 * than not at all. Body and attributes share the room: small ones stay whole, and each of the others keeps
 * its start. The attribute `burstlog.truncated_from` says how big the record was.
 * @param wholeSize its estimated size in bytes
 */
export function truncate(record: ReadableLogRecordLike, maxBytes: number, wholeSize: number): FrozenRecord {
  const { body, attributes } = record;
  const names = Object.keys(attributes);
  const sizes = names.map((name) => name.length * CHARACTER_BYTES + valueSize(attributes[name]));
  const bodySize = valueSize(body);
  const share = fairShare([bodySize, ...sizes], maxBytes - RECORD_BYTES - VALUE_BYTES);
  const start = (value: unknown, room: number) => {
    if (value === undefined || value === null) return value;
    // An object weighs one value more where it lies in an attribute.
    const own = typeof value === 'object' ? room - VALUE_BYTES : room;
    return boundedSnapshot(value, Math.max(0, own)).value ?? '';
  };
  const view = new LogRecordView(record, {}, bodySize <= share ? body : start(body, share));
  names.forEach((name, at) => {
    if (sizes[at]! <= share) return;
    const room = share - name.length * CHARACTER_BYTES;
    if (room >= VALUE_BYTES) view.attributes[name] = start(attributes[name], room);
    else delete view.attributes[name];
  });
  // Truncated a second time, it is still the start of what it was at first.
  view.attributes[BURSTLOG_TRUNCATED_FROM] ??= wholeSize;
  return { record: view, size: recordSize(view) };
}

/** How much each may have at most, so that all together have no more than `room`. */
function fairShare(sizes: readonly number[], room: number): number {
  let left = room;
  let sharers = sizes.length;
  for (const size of [...sizes].sort((a, b) => a - b)) {
    if (size > left / sharers) return Math.floor(left / sharers);
    left -= size;
    sharers -= 1;
  }
  return Number.POSITIVE_INFINITY;
}

function valueSize(value: unknown): number {
  return attributesSize({ value }) - RECORD_BYTES;
}
