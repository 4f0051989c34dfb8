import {
  CODE_FILE_PATH,
  CODE_FUNCTION_NAME,
  CODE_LINE_NUMBER,
  EXCEPTION_MESSAGE,
  EXCEPTION_STACKTRACE,
  EXCEPTION_TYPE,
  Severity,
} from '../../record/index.ts';
import {
  type AnyValue,
  attributeOf,
  type DecodedLogRecord,
  isMap,
  type KeyValue,
  numberOf,
} from '../otlp/decoded.ts';
import { withLineBreaks } from './line-breaks.ts';
import type { PlacedRecord } from './placed-record.ts';
import { DISTLOG_KEY, taskPlace } from './task-key.ts';

/** The last second that OTLP can say. */
const MAX_SECONDS = 18_446_744_073;
const SEVERITIES_PER_LEVEL = 4;

/** Fields of Python's LogRecord that are read by name, or that only repeat others. The rest are attributes. */
const readByName = new Set([
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
/** Fields of its own that are of no interest as long as they are None. */
const oftenNone = new Set(['processName', 'taskName']);

/**
 * The dictionary of a Python LogRecord, as distlog's handler sends it, as a record of OpenTelemetry:
 *
 * | field | becomes |
 * |---|---|
 * | `message`, else `msg` | body, line breaks restored |
 * | `levelno`, `levelname` | severity number (10 DEBUG, 20 INFO, 30 WARN, 40 ERROR, 50 FATAL; between them the finer ones), severity text |
 * | `created` | time, to the microsecond |
 * | `name` | scope name |
 * | `hostname`, `process` | resource: `host.name`, `process.pid` |
 * | `pathname`, `lineno`, `funcName` | `code.file.path`, `code.line.number`, `code.function.name` |
 * | `thread`, `threadName` | `thread.id`, `thread.name` |
 * | `stack_info` | `code.stacktrace` |
 * | `exc_text` | `exception.stacktrace`; `exception.type` and `exception.message` where its end tells them |
 * | `context.key` | `distlog.key`, and what {@link taskPlace} makes of it |
 * | the rest of `context`, every other field | an attribute of the same name |
 */
export function pythonRecord(entries: readonly KeyValue[]): PlacedRecord {
  const fields = new Map(entries);
  const text = (name: string) => textOf(fields.get(name));
  const context = fields.get('context');
  const data = context !== undefined && isMap(context) ? context.entries : [];
  const key = textOf(attributeOf(data, 'key'));
  const place = key === undefined ? undefined : taskPlace(key);
  const message = fields.get('message') ?? fields.get('msg');

  const attributes: KeyValue[] = [...(place?.attributes ?? [])];
  const add = (name: string, value: AnyValue | undefined) => {
    if (value !== undefined && value !== null) attributes.push([name, value]);
  };
  add(DISTLOG_KEY, key);
  add(CODE_FILE_PATH, fields.get('pathname'));
  add(CODE_LINE_NUMBER, fields.get('lineno'));
  add(CODE_FUNCTION_NAME, fields.get('funcName'));
  add('thread.id', fields.get('thread'));
  add('thread.name', fields.get('threadName'));
  add('code.stacktrace', restored(text('stack_info')));
  attributes.push(...exception(restored(text('exc_text'))));
  attributes.push(...data.filter(([name]) => name !== 'key'));
  for (const entry of fields) {
    if (readByName.has(entry[0]) || (oftenNone.has(entry[0]) && entry[1] === null)) continue;
    attributes.push(entry);
  }

  const record: DecodedLogRecord = {
    timeUnixNano: nanosOf(numberOf(fields.get('created'))),
    observedTimeUnixNano: 0n,
    severityNumber: severityOf(numberOf(fields.get('levelno'))),
    severityText: text('levelname') ?? '',
    body: typeof message === 'string' ? withLineBreaks(message) : message,
    attributes,
    droppedAttributesCount: 0,
    flags: 0,
    traceId: place?.traceId ?? '',
    spanId: place?.spanId ?? '',
    eventName: '',
  };
  const resource: KeyValue[] = [];
  const hostname = fields.get('hostname');
  const pid = fields.get('process');
  if (hostname !== undefined && hostname !== null) resource.push(['host.name', hostname]);
  if (pid !== undefined && pid !== null) resource.push(['process.pid', pid]);
  return {
    resource: { attributes: resource, droppedAttributesCount: 0, schemaUrl: '' },
    scope: {
      name: text('name') ?? '',
      version: '',
      attributes: [],
      droppedAttributesCount: 0,
      schemaUrl: '',
    },
    record,
  };
}

/** A level of Python's logging as OpenTelemetry's severity; what lies between two levels is a finer one. */
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

/** A traceback's last part, `package.Error: message`, follows the last indented line; the message may have lines. */
function exception(trace: string | undefined): KeyValue[] {
  if (trace === undefined || trace === '') return [];
  const attributes: KeyValue[] = [[EXCEPTION_STACKTRACE, trace]];
  const lines = trace.trimEnd().split('\n');
  const [first = '', ...more] = lines.slice(lines.findLastIndex((line) => line.startsWith(' ')) + 1);
  const told = /^([A-Za-z_]\w*(?:\.\w+)*)(?:: (.*))?$/.exec(first);
  const [, type, message] = told ?? [];
  if (type !== undefined) attributes.push([EXCEPTION_TYPE, type]);
  if (message !== undefined) attributes.push([EXCEPTION_MESSAGE, [message, ...more].join('\n')]);
  return attributes;
}

function restored(text: string | undefined): string | undefined {
  return text === undefined ? undefined : withLineBreaks(text);
}

function textOf(value: AnyValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
