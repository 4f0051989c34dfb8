import type { AnyValue, DecodedLogs, KeyValue } from '../otlp/index.ts';
import { ATTRIBUTE_DEPTH, decodeLogs, MAP_DEPTH, parseJson, WireError } from '../otlp/index.ts';
import { isObject, type Json, readPythonJson, taggedDouble, taggedInt } from './json-values.ts';
import { isOwnRecord, ownRecord } from './own-record.ts';
import { decodePickle } from './pickle.ts';
import { pickleValue } from './pickle-value.ts';
import { type PythonFields, pythonRecord } from './python-record.ts';
import { RecordGrouper, type SourcedRecord } from './sourced-record.ts';
import { TaskKeys } from './task-key.ts';

/** Resource attribute of records received with a distlog topic: the letter of the system, `T`, `S` or `P`. */
export const DISTLOG_SYSTEM = 'distlog.system';
/** Resource attribute if the kind is not `L` (log): `P`, performance. */
export const DISTLOG_KIND = 'distlog.kind';

/** Depth of the `context` dictionary, so that its fields are at the depth of attributes. */
const DICTIONARY_DEPTH = ATTRIBUTE_DEPTH - MAP_DEPTH;

export interface DistlogOptions {
  /**
   * Whether pickles are accepted. They are read as plain data only; see {@link decodePickle}. Default false.
   */
  readonly pickle?: boolean | undefined;
  /** Caches task keys across messages. Default: a cache for this message only. */
  readonly keys?: TaskKeys | undefined;
}

/** The content of a distlog message: OTLP unchanged, or records with additional resource attributes. */
export type DistlogMessage =
  | { readonly kind: 'otlp'; readonly body: Uint8Array }
  | {
      readonly kind: 'records';
      readonly records: readonly SourcedRecord[];
      readonly added: readonly KeyValue[];
    };

/**
 * By system and kind. Each list is a single instance, so that {@link RecordGrouper} can compare by identity.
 */
const addedOf: ReadonlyMap<string, readonly KeyValue[]> = new Map(
  ['T', 'S', 'P'].flatMap((system): [string, KeyValue[]][] => [
    [`${system}L`, [[DISTLOG_SYSTEM, system]]],
    [
      `${system}P`,
      [
        [DISTLOG_SYSTEM, system],
        [DISTLOG_KIND, 'P'],
      ],
    ],
  ]),
);

/**
 * Decodes a distlog message, which has two frames: a topic of three letters, and a body.
 *
 * The letters: the system (`T`, `S` or `P`), the kind (`L` log, `P` performance), and the encoding of the
 * body: `J` the dictionary of a Python LogRecord in JSON ({@link pythonRecord}), or the output of
 * `JsonSerializer`, a record or an array of records; `P` the same dictionary as a pickle, if enabled; `O`
 * (kind `L` only) an OTLP `ExportLogsServiceRequest` in protobuf. System and kind become resource attributes,
 * except with `O`, whose bytes are passed on unchanged.
 *
 * @throws WireError for any other topic, for a body that does not match the topic, and for a pickle that
 * would run code or is not enabled
 */
export function decodeDistlog(
  topic: Uint8Array,
  body: Uint8Array,
  options: DistlogOptions = {},
): DecodedLogs {
  const message = readDistlog(topic, body, options);
  if (message.kind === 'otlp') return decodeLogs(body);
  const placed = new RecordGrouper();
  for (const record of message.records) placed.add(record, message.added);
  return placed.logs;
}

/** The same, record by record; OTLP is not decoded. @throws WireError */
export function readDistlog(
  topic: Uint8Array,
  body: Uint8Array,
  { pickle = false, keys = new TaskKeys() }: DistlogOptions = {},
): DistlogMessage {
  const letters = topic.length === 3 ? String.fromCharCode(topic[0]!, topic[1]!, topic[2]!) : '';
  const added = addedOf.get(letters.slice(0, 2));
  const encoding = letters[2];
  const isKnown = encoding === 'J' || encoding === 'P' || (encoding === 'O' && letters[1] === 'L');
  if (added === undefined || !isKnown) {
    const shown = JSON.stringify(Buffer.from(topic.subarray(0, 16)).toString('latin1'));
    throw new WireError(
      'unsupported',
      `topic ${shown} is not a distlog topic: expected [TSP][LP][JP] or [TSP]LO`,
    );
  }
  if (encoding === 'O') return { kind: 'otlp', body };
  if (encoding === 'P' && !pickle) {
    throw new WireError('unsupported', `topic "${letters}" announces a pickle, and pickles are disabled`);
  }
  return {
    kind: 'records',
    records: encoding === 'P' ? [fromPickle(body, keys)] : fromJson(body, keys),
    added,
  };
}

function fromPickle(body: Uint8Array, keys: TaskKeys): SourcedRecord {
  const value = pickleValue(decodePickle(body), DICTIONARY_DEPTH);
  if (typeof value !== 'object' || value === null || !('entries' in value) || !Array.isArray(value.entries)) {
    throw new WireError('pickle', 'the pickle does not contain a dictionary');
  }
  // Without a prototype, every name is an ordinary field.
  const fields: Record<string, AnyValue> = Object.create(null);
  for (const [name, field] of value.entries) fields[name] = field;
  return pythonRecord(fields, keys);
}

function fromJson(body: Uint8Array, keys: TaskKeys): SourcedRecord[] {
  const json = parseJson(body, taggedInt, taggedDouble);
  return (Array.isArray(json) ? json : [json]).map((record) => recordOf(record, keys));
}

function recordOf(json: unknown, keys: TaskKeys): SourcedRecord {
  if (!isObject(json)) throw new WireError('json', 'a record must be a JSON object');
  if (isOwnRecord(json)) return ownRecord(json);
  return pythonRecord(fieldsOf(json), keys);
}

/**
 * Converts the values of a record to OTLP values in place: the object is not shared, and most values need no
 * conversion. Each field is converted separately, so that a dictionary with a single field is not taken for a
 * tagged number.
 */
function fieldsOf(json: Json): PythonFields {
  const fields = json as Record<string, AnyValue>;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) continue;
    const read = readPythonJson(value, DICTIONARY_DEPTH + MAP_DEPTH);
    if (read !== value) fields[name] = read;
  }
  return fields;
}
