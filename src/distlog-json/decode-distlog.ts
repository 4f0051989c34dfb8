import type { AnyValue, DecodedLogs, KeyValue } from '../otlp/index.ts';
import { ATTRIBUTE_DEPTH, decodeLogs, MAP_DEPTH, parseJson, WireError } from '../otlp/index.ts';
import { doubleAside, intAside, isObject, type Json, readPythonJson } from './json-values.ts';
import { isOwnRecord, ownRecord } from './own-record.ts';
import { decodePickle } from './pickle.ts';
import { pickleValue } from './pickle-value.ts';
import { type PythonFields, pythonRecord } from './python-record.ts';
import { RecordGrouper, type SourcedRecord } from './sourced-record.ts';
import { TaskKeys } from './task-key.ts';

/** On the resource of what came by distlog's topics: the letter of the system, `T`, `S` or `P`. */
export const DISTLOG_SYSTEM = 'distlog.system';
/** There too, where the kind is not `L` (log): `P`, performance. */
export const DISTLOG_KIND = 'distlog.kind';

/** Where the fields of a record's `context` lie, seen as a value of their own. */
const DICTIONARY_DEPTH = ATTRIBUTE_DEPTH - MAP_DEPTH;

export interface DistlogOptions {
  /** Whether pickles are read. They are read as plain data only; see {@link decodePickle}. Default false. */
  readonly pickle?: boolean | undefined;
  /** Remembers the tasks of messages that belong together. Default: those of one message. */
  readonly keys?: TaskKeys | undefined;
}

/** What a message of distlog holds: OTLP as it is, or records with what their resources get besides. */
export type DistlogMessage =
  | { readonly kind: 'otlp'; readonly body: Uint8Array }
  | {
      readonly kind: 'records';
      readonly records: readonly SourcedRecord[];
      readonly added: readonly KeyValue[];
    };

/** By system and kind. One list each, so that {@link RecordGrouper} sees that they are the same. */
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
 * Reads a message of distlog, which has two frames: a topic of three letters, and a body.
 *
 * The letters: the system (`T`, `S` or `P`), the kind (`L` log, `P` performance), the encoding of the body:
 * `J` a Python LogRecord's dictionary in JSON ({@link pythonRecord}), or what our `JsonSerializer` wrote, a record or
 * an array of such; `P` the same dictionary as a pickle, if that is allowed; `O` (kind `L` only) an OTLP
 * `ExportLogsServiceRequest` in protobuf. System and kind become attributes of the resource, but not with `O`, whose
 * bytes are passed on as they are.
 *
 * @throws WireError for any other topic, for a body that is not what the topic says, and for a pickle that would run
 * code or was not asked for
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

/** The same, record by record; OTLP is not looked at. @throws WireError */
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
    throw new WireError('unsupported', `topic ${shown} is none of distlog's: [TSP][LP][JP] or [TSP]LO`);
  }
  if (encoding === 'O') return { kind: 'otlp', body };
  if (encoding === 'P' && !pickle) {
    throw new WireError(
      'unsupported',
      `topic "${letters}" announces a pickle, and pickles are not read here`,
    );
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
    throw new WireError('pickle', 'the pickle holds no dictionary');
  }
  // Whatever the names are: with no prototype they are fields.
  const fields: Record<string, AnyValue> = Object.create(null);
  for (const [name, field] of value.entries) fields[name] = field;
  return pythonRecord(fields, keys);
}

function fromJson(body: Uint8Array, keys: TaskKeys): SourcedRecord[] {
  const json = parseJson(body, intAside, doubleAside);
  return (Array.isArray(json) ? json : [json]).map((record) => recordOf(record, keys));
}

function recordOf(json: unknown, keys: TaskKeys): SourcedRecord {
  if (!isObject(json)) throw new WireError('json', 'a record must be a JSON object');
  if (isOwnRecord(json)) return ownRecord(json);
  return pythonRecord(fieldsOf(json), keys);
}

/**
 * Its values as values of OTLP, in their places: it is our own, and most values are what they should be. Not as one
 * value: a dictionary of a single field must not be taken for a tagged number.
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
