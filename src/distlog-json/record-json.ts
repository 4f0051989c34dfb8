import {
  type AnyValue,
  type Attributes,
  attributeOf,
  type DecodedLogRecord,
  type DecodedResource,
  type DecodedScope,
} from '../otlp/index.ts';
import { DISTLOG_KEY, EXCEPTION_STACKTRACE, rankOf, TASK_ID, TASK_SEQUENCE } from '../record/index.ts';
import { objectJson, valueJson, withoutLineBreaks } from './json-values.ts';

/** Python's levels by severity, from the highest. */
const levels = [
  { from: 21, levelno: 50, levelname: 'CRITICAL' },
  { from: 17, levelno: 40, levelname: 'ERROR' },
  { from: 13, levelno: 30, levelname: 'WARNING' },
  { from: 9, levelno: 20, levelname: 'INFO' },
  { from: 0, levelno: 10, levelname: 'DEBUG' },
] as const;

const NANOS_PER_MICRO = 1_000n;
const NANOS_PER_MILLI = 1_000_000n;
/** Prefix of the attributes for a record's position in the task tree, which the key contains too. */
const TASK_PREFIX = 'task.';

/**
 * Formats a record as a JSON object similar to Python's LogRecord, for people and for distlog readers. The
 * first part contains the fields that distlog readers know; the second contains all OpenTelemetry fields, so
 * nothing is lost:
 *
 * `message` (line breaks as `\n`), `levelname`, `levelno` (10 to 50), `created` (seconds), `asctime` (UTC),
 * `name` (of the scope), `process`, `hostname`, `exc_text`, `context` (for a record of a task: `key` and the
 * record's attributes; otherwise null);
 *
 * `time_unix_nano`, `observed_time_unix_nano` (decimal text; Python records do not have the first),
 * `severity_number`, `severity_text`, `body` (if `message` does not represent it exactly; null: no body),
 * `event_name`, `attributes`, `dropped_attributes_count`, `trace_id`, `span_id`, `flags`, `resource`,
 * `scope`. Of these, empty and 0 values are omitted. Values are written by {@link valueJson}.
 */
export function recordJson(resource: DecodedResource, scope: DecodedScope, record: DecodedLogRecord): string {
  const { attributes, severityNumber } = record;
  const time = record.timeUnixNano === 0n ? record.observedTimeUnixNano : record.timeUnixNano;
  const level = levels.find(({ from }) => rankOf(severityNumber) >= from)!;
  const trace = attributeOf(attributes, EXCEPTION_STACKTRACE);
  const part = (name: string, value: AnyValue | undefined) =>
    value === undefined ? '' : `${JSON.stringify(name)}:${valueJson(value)}`;
  const ifSet = (name: string, value: string | number) =>
    value === '' || value === 0 ? '' : part(name, value);
  return join(
    part('message', withoutLineBreaks(messageOf(record))),
    part('levelname', level.levelname),
    part('levelno', level.levelno),
    `"created":${Number(time / NANOS_PER_MICRO) / 1e6}`,
    part('asctime', asctime(time)),
    part('name', scope.name),
    part('process', attributeOf(resource.attributes, 'process.pid') ?? null),
    part('hostname', attributeOf(resource.attributes, 'host.name') ?? null),
    part('exc_text', typeof trace === 'string' ? withoutLineBreaks(trace) : null),
    `"context":${context(record)}`,
    part('time_unix_nano', String(record.timeUnixNano)),
    record.observedTimeUnixNano === 0n
      ? ''
      : part('observed_time_unix_nano', String(record.observedTimeUnixNano)),
    ifSet('severity_number', severityNumber),
    ifSet('severity_text', record.severityText),
    part('body', exactBody(record.body)),
    ifSet('event_name', record.eventName),
    object('attributes', attributes),
    ifSet('dropped_attributes_count', record.droppedAttributesCount),
    ifSet('trace_id', record.traceId),
    ifSet('span_id', record.spanId),
    ifSet('flags', record.flags),
    `"resource":${join(
      object('attributes', resource.attributes),
      ifSet('dropped_attributes_count', resource.droppedAttributesCount),
      ifSet('schema_url', resource.schemaUrl),
    )}`,
    `"scope":${join(
      ifSet('version', scope.version),
      object('attributes', scope.attributes),
      ifSet('dropped_attributes_count', scope.droppedAttributesCount),
      ifSet('schema_url', scope.schemaUrl),
    )}`,
  );
}

function messageOf({ body, eventName }: DecodedLogRecord): string {
  if (body === undefined || body === null) return eventName;
  return typeof body === 'string' ? body : valueJson(body);
}

/** @returns undefined if the message represents the body exactly */
function exactBody(body: AnyValue | undefined): AnyValue | undefined {
  if (typeof body === 'string' && !body.includes('\\n')) return undefined;
  return body ?? null;
}

/** distlog's `<counter>@<task>` and the attributes of the record; null if it has no task. */
function context({ attributes, traceId }: DecodedLogRecord): string {
  const task = attributeOf(attributes, TASK_ID);
  const sequence = attributeOf(attributes, TASK_SEQUENCE) ?? 0;
  const key =
    attributeOf(attributes, DISTLOG_KEY) ??
    (task === undefined ? undefined : `${sequence}@${traceId}/${task}`);
  if (key === undefined) return 'null';
  const data = attributes.filter(
    ([name]) => !name.startsWith(TASK_PREFIX) && name !== DISTLOG_KEY && name !== 'key',
  );
  return objectJson([['key', key], ...data]);
}

function asctime(time: bigint): string {
  const iso = new Date(Number(time / NANOS_PER_MILLI)).toISOString();
  return iso.slice(0, -1).replace('T', ' ').replace('.', ',');
}

function object(name: string, entries: Attributes): string {
  return entries.length === 0 ? '' : `"${name}":${objectJson(entries)}`;
}

function join(...parts: readonly string[]): string {
  return `{${parts.filter((part) => part !== '').join(',')}}`;
}
