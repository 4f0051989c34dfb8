import {
  type AnyValue,
  type Attributes,
  attributeOf,
  type DecodedLogRecord,
  isBytes,
  isMap,
  isWholeDouble,
} from '../otlp/index.ts';
import { suggestion } from '../settings/index.ts';
import { ConditionError } from './condition-error.ts';
import type { PathNode } from './syntax.ts';
import { bodyText, FAILED, type Read } from './values.ts';

/** The part of a resource that conditions read. */
export interface ResourceView {
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
}

/** The part of an instrumentation scope that conditions read. */
export interface ScopeView extends ResourceView {
  readonly name: string;
  readonly version: string;
}

/** Reads one value of a record. */
export type Reader = (record: DecodedLogRecord, scope: ScopeView, resource: ResourceView) => Read;

type Keys = readonly (string | number)[];

const NO_TRACE_ID = '0'.repeat(32);
const NO_SPAN_ID = '0'.repeat(16);

/** The paths without keys. */
const values: Readonly<Record<string, Reader>> = {
  severity_number: (record) => record.severityNumber,
  severity_text: (record) => record.severityText,
  'body.string': (record) => bodyText(record.body),
  'trace_id.string': (record) => record.traceId || NO_TRACE_ID,
  'span_id.string': (record) => record.spanId || NO_SPAN_ID,
  time_unix_nano: (record) => nanos(record.timeUnixNano),
  observed_time_unix_nano: (record) => nanos(record.observedTimeUnixNano),
  event_name: (record) => record.eventName,
  flags: (record) => record.flags,
  dropped_attributes_count: (record) => record.droppedAttributesCount,
  'resource.dropped_attributes_count': (_record, _scope, resource) => resource.droppedAttributesCount,
  'instrumentation_scope.name': (_record, scope) => scope.name,
  'instrumentation_scope.version': (_record, scope) => scope.version,
  'instrumentation_scope.dropped_attributes_count': (_record, scope) => scope.droppedAttributesCount,
};

/** The paths that take keys. */
const keyed: Readonly<Record<string, (keys: Keys) => Reader>> = {
  attributes: (keys) => ofAttributes(keys, (record) => record.attributes),
  'resource.attributes': (keys) => ofAttributes(keys, (_record, _scope, resource) => resource.attributes),
  'instrumentation_scope.attributes': (keys) => ofAttributes(keys, (_record, scope) => scope.attributes),
  body: ofBody,
};

const known: readonly string[] = [...Object.keys(values), ...Object.keys(keyed)].sort();

/**
 * Compiles a path. The paths of the record itself may have the prefix `log.`, as in the Collector.
 * @throws ConditionError for an unknown path
 */
export function readerOf({ fields, keys, column }: PathNode): Reader {
  const path = (fields[0] === 'log' ? fields.slice(1) : fields).join('.');
  const direct = Object.hasOwn(values, path) ? values[path] : undefined;
  if (direct !== undefined) {
    if (keys.length > 0) throw new ConditionError(`${path} has no keys`, column);
    return direct;
  }
  const byKeys = Object.hasOwn(keyed, path) ? keyed[path] : undefined;
  if (byKeys !== undefined) return byKeys(keys);
  if (path === 'trace_id' || path === 'span_id') {
    throw new ConditionError(`${path} is bytes: write ${path}.string`, column);
  }
  throw new ConditionError(`unknown path ${path}${suggestion(path, known)}`, column);
}

/** int64, as in the Collector, where times beyond the year 2262 are negative. */
function nanos(time: bigint): AnyValue {
  return BigInt.asIntN(64, time);
}

function ofAttributes(
  keys: Keys,
  from: (record: DecodedLogRecord, scope: ScopeView, resource: ResourceView) => Attributes,
): Reader {
  const [key, ...rest] = keys;
  if (key === undefined) return (record, scope, resource) => ({ entries: from(record, scope, resource) });
  if (typeof key === 'number') return () => FAILED;
  if (rest.length === 0) return (record, scope, resource) => attributeOf(from(record, scope, resource), key);
  return (record, scope, resource) => within(attributeOf(from(record, scope, resource), key), rest);
}

function ofBody(keys: Keys): Reader {
  if (keys.length === 0) return (record) => record.body;
  return ({ body }) => (body === undefined ? FAILED : within(body, keys));
}

/** Resolves keys. A key that is missing in a map is nil; any other key that cannot be resolved fails. */
function within(from: AnyValue | undefined, keys: Keys): Read {
  let value = from;
  for (const key of keys) {
    if (value === undefined) return undefined;
    if (value === null || typeof value !== 'object' || isBytes(value) || isWholeDouble(value)) return FAILED;
    if (isMap(value)) {
      if (typeof key !== 'string') return FAILED;
      value = attributeOf(value.entries, key);
    } else {
      if (typeof key !== 'number' || key >= value.length) return FAILED;
      value = value[key];
    }
  }
  return value;
}
