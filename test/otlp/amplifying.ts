import * as fc from 'fast-check';
import { type DecodedLogs, decodeLogs } from '../../src/otlp/index.ts';
import { field } from '../support/protobuf.ts';

/** Mostly short, sometimes long: the repeated part may be much larger than the records, and vice versa. */
const text = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.string({ maxLength: 400 }),
  fc.nat(3_000).map((length) => 'x'.repeat(length)),
);
const short = fc.oneof(fc.constant(''), fc.string({ maxLength: 4 }));

const textField = (number: number, value: string) => field(number, Buffer.from(value, 'utf8'));
const stringValue = (value: string) => textField(1, value);
const keyValue = (number: number, value: string, key = 'k') =>
  field(number, textField(1, key), field(2, stringValue(value)));

/** The fields of a message, in any order. */
function message(number: number, parts: readonly Buffer[], isReversed: boolean): Buffer {
  return field(number, ...(isReversed ? [...parts].reverse() : parts));
}

/** A body, an attribute, an empty one, or nothing. */
const record = fc.oneof(
  text.map((body) => field(2, field(5, stringValue(body)))),
  short.map((value) => field(2, keyValue(6, value))),
  fc.nat(40).map((count) => field(2, Buffer.alloc(2 * count, Uint8Array.of(0x32, 0)))),
  fc.constant(field(2)),
);
const scopeLogs = fc
  .tuple(fc.oneof(short, text), fc.array(record, { maxLength: 30 }), fc.boolean())
  .map(([name, records, isReversed]) => ({
    bytes: message(2, [field(1, textField(1, name)), ...records, textField(3, 'url')], isReversed),
    records: records.length,
    repeated: Buffer.byteLength(name) + 10,
  }));
const resourceLogs = fc
  .tuple(text, fc.array(scopeLogs, { maxLength: 8 }), fc.boolean())
  .map(([service, scopes, isReversed]) => ({
    bytes: message(
      1,
      [field(1, keyValue(1, service, 'service.name')), ...scopes.map(({ bytes }) => bytes)],
      isReversed,
    ),
    records: scopes.reduce((sum, { records }) => sum + records, 0),
    repeated: Buffer.byteLength(service) + 10 + Math.max(0, ...scopes.map(({ repeated }) => repeated)),
  }));

/** Requests, how many records they hold, and about how many bytes a cut repeats. */
export const amplifying = fc.array(resourceLogs, { maxLength: 4 }).map((all) => ({
  body: Buffer.concat(all.map(({ bytes }) => bytes)),
  records: all.reduce((sum, { records }) => sum + records, 0),
  repeated: Math.max(0, ...all.map(({ repeated }) => repeated)),
}));

/** Every record with its resource and scope, in order. */
export function flat(bodies: readonly Uint8Array[]) {
  return flatLogs(bodies.map(decodeLogs));
}

export function flatLogs(all: readonly DecodedLogs[]) {
  return all.flatMap(({ resources }) =>
    resources.flatMap(({ scopes, ...resource }) =>
      scopes.flatMap(({ records, ...scope }) => records.map((one) => ({ resource, scope, record: one }))),
    ),
  );
}
