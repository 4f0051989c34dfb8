import {
  type AnyValue,
  attributeOf,
  type DecodedLogRecord,
  isMap,
  type KeyValue,
  numberOf,
} from '../otlp/index.ts';
import {
  CODE_FILE_PATH,
  CODE_FUNCTION_NAME,
  CODE_LINE_NUMBER,
  DISTLOG_KEY,
  EXCEPTION_MESSAGE,
  EXCEPTION_STACKTRACE,
  EXCEPTION_TYPE,
  Severity,
  TASK_NAME,
  TASK_STARTED_EVENT,
} from '../record/index.ts';
import { withLineBreaks } from './json-values.ts';
import type { SourcedRecord } from './sourced-record.ts';
import type { TaskKeys, TaskPlace } from './task-key.ts';

/** The last second that OTLP can represent. */
const MAX_SECONDS = 18_446_744_073;
const SEVERITIES_PER_LEVEL = 4;
const LEVEL_INFO = 20;
const ROOT_LOGGER = 'root';
const NONE: readonly KeyValue[] = [];

/** The dictionary of a Python LogRecord. */
export type PythonFields = Readonly<Record<string, AnyValue>>;

/**
 * Fields of Python's LogRecord that are mapped explicitly, or that only repeat others. All other fields
 * become attributes.
 */
const readByName: ReadonlySet<string> = new Set([
  'args',
  'asctime',
  'context',
  'created',
  'exc_info',
  'exc_text',
  'filename',
  'funcName',
  'hostname',
  'levelname',
  'levelno',
  'lineno',
  'message',
  'module',
  'msecs',
  'msg',
  'name',
  'pathname',
  'process',
  'relativeCreated',
  'stack_info',
  'thread',
  'threadName',
]);
/** Fields that become attributes only if they are not None. */
const oftenNone: ReadonlySet<string> = new Set(['processName', 'taskName']);

/**
 * Converts the dictionary of a Python LogRecord, as sent by distlog's handler, to an OpenTelemetry record:
 *
 * | field | becomes |
 * |---|---|
 * | `message`, otherwise `msg` | body, with line breaks restored |
 * | `levelno` | severity number: 10 DEBUG, 20 INFO, 30 WARN, 40 ERROR, 50 FATAL, with finer steps between |
 * | `levelname` | severity text |
 * | `created` | time, to the microsecond |
 * | `name` | scope name |
 * | `hostname`, `process` | resource: `host.name`, `process.pid` |
 * | `pathname`, `lineno`, `funcName` | `code.file.path`, `code.line.number`, `code.function.name` |
 * | `thread`, `threadName` | `thread.id`, `thread.name` |
 * | `stack_info` | `code.stacktrace` |
 * | `exc_text` | `exception.stacktrace`; type and message of the exception if its last part names them |
 * | `context.key` | `distlog.key`, and the ids and attributes from {@link TaskKeys} |
 * | `msg` of the first record of a task | `task.name`; the record is `task.started` |
 * | the rest of `context`, every other field | an attribute with the same name |
 */
export function pythonRecord(fields: PythonFields, keys: TaskKeys): SourcedRecord {
  const { context, hostname, process } = fields;
  const data = context !== undefined && isMap(context) ? context.entries : [];
  const key = textOf(attributeOf(data, 'key'));
  const place = key === undefined ? undefined : keys.placeOf(key);
  const message = fields.message ?? fields.msg;
  const isStart = place !== undefined && isStartOfTask(place, fields);

  const attributes: KeyValue[] = place === undefined ? [] : [...place.attributes];
  if (isStart) add(attributes, TASK_NAME, restored(fields.msg ?? message));
  add(attributes, DISTLOG_KEY, key);
  add(attributes, CODE_FILE_PATH, fields.pathname);
  add(attributes, CODE_LINE_NUMBER, fields.lineno);
  add(attributes, CODE_FUNCTION_NAME, fields.funcName);
  add(attributes, 'thread.id', fields.thread);
  add(attributes, 'thread.name', fields.threadName);
  add(attributes, 'code.stacktrace', restored(fields.stack_info));
  addException(attributes, restored(fields.exc_text));
  for (const entry of data) if (entry[0] !== 'key') attributes.push(entry);
  for (const name of Object.keys(fields)) {
    if (readByName.has(name)) continue;
    const value = fields[name]!;
    if (value !== null || !oftenNone.has(name)) attributes.push([name, value]);
  }

  const record: DecodedLogRecord = {
    timeUnixNano: nanosOf(numberOf(fields.created)),
    observedTimeUnixNano: 0n,
    severityNumber: severityOf(numberOf(fields.levelno)),
    severityText: textOf(fields.levelname) ?? '',
    body: typeof message === 'string' ? withLineBreaks(message) : message,
    attributes,
    droppedAttributesCount: 0,
    flags: 0,
    traceId: place?.traceId ?? '',
    spanId: place?.spanId ?? '',
    eventName: isStart ? TASK_STARTED_EVENT : '',
  };
  const resource: KeyValue[] = [];
  add(resource, 'host.name', hostname);
  add(resource, 'process.pid', process);
  return {
    resource: { attributes: resource, droppedAttributesCount: 0, schemaUrl: '' },
    scope: {
      name: textOf(fields.name) ?? '',
      version: '',
      attributes: NONE,
      droppedAttributesCount: 0,
      schemaUrl: '',
    },
    record,
  };
}

/**
 * A task logs its start through the root logger; if that logger's level is WARNING, the start record is
 * missing.
 */
function isStartOfTask({ sequence }: TaskPlace, { levelno, name }: PythonFields): boolean {
  return sequence === 1 && numberOf(levelno) === LEVEL_INFO && (name === undefined || name === ROOT_LOGGER);
}

function add(attributes: KeyValue[], name: string, value: AnyValue | undefined): void {
  if (value !== undefined && value !== null) attributes.push([name, value]);
}

/**
 * Converts a Python logging level to an OpenTelemetry severity; a level between two standard ones becomes a
 * finer step.
 */
function severityOf(level: number | undefined): number {
  if (level === undefined || !(level > 0)) return Severity.UNSPECIFIED;
  if (level < 10) return Severity.TRACE;
  const step = Math.min(Math.floor(level / 10), 5) - 1;
  const between = Math.min(Math.floor(level) - (step + 1) * 10, SEVERITIES_PER_LEVEL - 1);
  return Severity.DEBUG + step * SEVERITIES_PER_LEVEL + between;
}

function nanosOf(seconds: number | undefined): bigint {
  if (seconds === undefined || !(seconds > 0 && seconds < MAX_SECONDS)) return 0n;
  return BigInt(Math.round(seconds * 1e6)) * 1_000n;
}

/**
 * The last part of a traceback, `package.Error: message`, follows the last indented line; the message may
 * have several lines.
 */
function addException(attributes: KeyValue[], trace: string | undefined): void {
  if (trace === undefined || trace === '') return;
  attributes.push([EXCEPTION_STACKTRACE, trace]);
  const lines = trace.trimEnd().split('\n');
  const [first = '', ...more] = lines.slice(lines.findLastIndex((line) => line.startsWith(' ')) + 1);
  const match = /^([A-Za-z_]\w*(?:\.\w+)*)(?:: (.*)|:)?$/.exec(first);
  const [, type, message] = match ?? [];
  if (type !== undefined) attributes.push([EXCEPTION_TYPE, type]);
  if (message !== undefined) attributes.push([EXCEPTION_MESSAGE, [message, ...more].join('\n')]);
}

function restored(value: AnyValue | undefined): string | undefined {
  return typeof value === 'string' ? withLineBreaks(value) : undefined;
}

function textOf(value: AnyValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
