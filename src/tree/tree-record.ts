import { type DecodedLogRecord, type LogGroup, plainObject, plainValue } from '../otlp/index.ts';
import { type ReadableLogRecordLike, severityOfText } from '../record/index.ts';
import { valueText } from '../text/index.ts';

/**
 * Attributes by name. Values may be of any type; those that are not plain data are shown on a best-effort
 * basis.
 */
export interface TreeAttributes {
  readonly [name: string]: unknown;
}

/**
 * One log record as read by the tree. The tree never modifies it, and references it as long as the tree
 * exists.
 */
export interface TreeRecord {
  /** 32 lowercase hex digits; empty if the record has none. */
  readonly traceId: string;
  /** 16 lowercase hex digits; empty if the record has none. */
  readonly spanId: string;
  /**
   * Time since 1970 as two numbers: whole seconds, and the nanoseconds within the second. Both are small
   * integers in V8; a bigint would be a separate object for each record.
   */
  readonly seconds: number;
  readonly nanos: number;
  /** OTel's SeverityNumber, derived from the severity text if the number is missing; 0: unknown. */
  readonly severity: number;
  /** Empty if the record is not an event. */
  readonly eventName: string;
  /** The body as text. */
  readonly body: string;
  readonly attributes: TreeAttributes;
  /** `service.name` of the resource; empty: unknown. */
  readonly service: string;
  /** Identifies the process of the service, see {@link processName}; empty: unknown. */
  readonly process: string;
  /** Name of the logger. */
  readonly scope: string;
}

/** Converts a record of the OpenTelemetry SDK, of either line, for the tree. */
export function treeRecord(record: ReadableLogRecordLike): TreeRecord {
  const [seconds, nanos] = isZero(record.hrTime) ? record.hrTimeObserved : record.hrTime;
  const resource: TreeAttributes = record.resource?.attributes ?? {};
  return {
    traceId: idOf(record.spanContext?.traceId),
    spanId: idOf(record.spanContext?.spanId),
    seconds,
    nanos,
    severity: severityOf(record.severityNumber, record.severityText),
    eventName: record.eventName ?? '',
    body: valueText(record.body),
    attributes: record.attributes ?? {},
    service: serviceName(resource),
    process: processName(resource),
    scope: record.instrumentationScope?.name ?? '',
  };
}

/** Converts records decoded from OTLP for the tree. */
export function* treeRecords({ resource, scope, records }: LogGroup): Generator<TreeRecord> {
  const attributes = plainObject(resource.attributes);
  const source = {
    service: serviceName(attributes),
    process: processName(attributes),
    scope: scope.name,
  };
  for (const record of records) yield decodedRecord(record, source);
}

function decodedRecord(
  record: DecodedLogRecord,
  source: Pick<TreeRecord, 'service' | 'process' | 'scope'>,
): TreeRecord {
  const { timeUnixNano, observedTimeUnixNano, body } = record;
  const time = timeUnixNano === 0n ? observedTimeUnixNano : timeUnixNano;
  return {
    traceId: idOf(record.traceId),
    spanId: idOf(record.spanId),
    seconds: Number(time / 1_000_000_000n),
    nanos: Number(time % 1_000_000_000n),
    severity: severityOf(record.severityNumber, record.severityText),
    eventName: record.eventName,
    body: valueText(body === undefined ? undefined : plainValue(body)),
    attributes: plainObject(record.attributes),
    ...source,
  };
}

/** `service.name` of a resource; empty if it is missing. */
function serviceName(resource: TreeAttributes): string {
  const name = resource['service.name'];
  return typeof name === 'string' ? name : '';
}

/**
 * Distinguishes the processes of one service: `service.instance.id`, otherwise host and process id, otherwise
 * empty. Records of one process have one clock.
 */
function processName(resource: TreeAttributes): string {
  const instance = resource['service.instance.id'];
  if (typeof instance === 'string' && instance !== '') return instance;
  const host = resource['host.name'] ?? '';
  const pid = resource['process.pid'] ?? '';
  return host === '' && pid === '' ? '' : `${String(host)}/${String(pid)}`;
}

/** W3C Trace Context: an id of zeros is invalid. Some SDKs send it for records outside of spans. */
function idOf(id: string | undefined): string {
  return id === undefined || /^0+$/.test(id) ? '' : id;
}

function severityOf(severityNumber: number | undefined, severityText: string | undefined): number {
  if (severityNumber !== undefined && severityNumber !== 0) return severityNumber;
  return severityText === undefined || severityText === '' ? 0 : (severityOfText(severityText) ?? 0);
}

function isZero(time: readonly [number, number]): boolean {
  return time[0] === 0 && time[1] === 0;
}
