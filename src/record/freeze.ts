import { BURSTLOG_TRUNCATED_FROM } from './attributes.ts';
import type { ReadableLogRecordLike } from './otel.ts';
import { attributesSize, CHARACTER_BYTES, RECORD_BYTES, VALUE_BYTES } from './size.ts';
import { boundedSnapshot } from './snapshot.ts';
import { LogRecordView } from './view.ts';

/** A record that does not change any more, and its estimated size in bytes. */
export interface FrozenRecord {
  readonly record: ReadableLogRecordLike;
  readonly size: number;
}

/**
 * Returns a record that can be kept until its export. An object body is copied, because the application may
 * change the object. A record larger than `maxBytes` is truncated, see `truncate`. The cost is bounded by
 * `maxBytes`, too.
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

/** Returns the estimated size of a record in bytes. */
export function recordSize(record: ReadableLogRecordLike): number {
  const { body } = record;
  const size = attributesSize(record.attributes);
  if (typeof body === 'string') return size + body.length * CHARACTER_BYTES;
  return typeof body === 'object' && body !== null ? size + valueSize(body) : size;
}

/**
 * Truncates a record that is too large, so that an error of ten megabytes arrives with its first megabyte
 * instead of not at all. Body and attributes share `maxBytes`: small values stay complete, and each of the
 * others keeps its start. The attribute `burstlog.truncated_from` has the original size.
 * @param wholeSize the original estimated size in bytes
 */
export function truncate(record: ReadableLogRecordLike, maxBytes: number, wholeSize: number): FrozenRecord {
  const { body, attributes } = record;
  const names = Object.keys(attributes);
  const sizes = names.map((name) => name.length * CHARACTER_BYTES + valueSize(attributes[name]));
  const bodySize = valueSize(body);
  const share = fairShare([bodySize, ...sizes], maxBytes - RECORD_BYTES - VALUE_BYTES);
  const start = (value: unknown, room: number) => {
    if (value === undefined || value === null) return value;
    // An object in an attribute counts one value more.
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
  // If the record was truncated before, the first size is kept.
  view.attributes[BURSTLOG_TRUNCATED_FROM] ??= wholeSize;
  return { record: view, size: recordSize(view) };
}

/** Returns the maximum size per value so that the sum of all values is at most `room`. */
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
