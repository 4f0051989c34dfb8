import type { ReadableLogRecordLike } from '../record/index.ts';
import { valueText } from './value-text.ts';

/** Attributes by name. Values may be anything; what is no plain data is shown as well as it goes. */
export interface TreeAttributes {
  readonly [name: string]: unknown;
}

/** One log record as the tree reads it. Never changed by the tree, and kept as long as the forest lives. */
export interface TreeRecord {
  /** 32 lower-case hex digits; empty: the record has none. */
  readonly traceId: string;
  /** 16 lower-case hex digits; empty: the record has none. */
  readonly spanId: string;
  /**
   * Time since 1970, in two numbers: whole seconds, and the nanoseconds within the second. Both are small
   * integers to V8, where a bigint would be an object of its own for each record.
   */
  readonly seconds: number;
  readonly nanos: number;
  /** A number of OTel's SeverityNumber; 0: the record does not say. */
  readonly severity: number;
  /** Empty: the record is no event. */
  readonly eventName: string;
  /** The body as text. */
  readonly body: string;
  readonly attributes: TreeAttributes;
  /** `service.name` of the resource; empty: unknown. */
  readonly service: string;
  /** Which process of the service, see {@link processName}; empty: unknown. */
  readonly process: string;
  /** Name of the logger. */
  readonly scope: string;
}

/** A record of the OpenTelemetry SDK, of either line, as the tree reads it. */
export function treeRecord(record: ReadableLogRecordLike): TreeRecord {
  const [seconds, nanos] = isZero(record.hrTime) ? record.hrTimeObserved : record.hrTime;
  const resource: TreeAttributes = record.resource?.attributes ?? {};
  return {
    traceId: record.spanContext?.traceId ?? '',
    spanId: record.spanContext?.spanId ?? '',
    seconds,
    nanos,
    severity: record.severityNumber ?? 0,
    eventName: record.eventName ?? '',
    body: valueText(record.body),
    attributes: record.attributes ?? {},
    service: serviceName(resource),
    process: processName(resource),
    scope: record.instrumentationScope?.name ?? '',
  };
}

/** `service.name` of a resource; empty where it has none. */
export function serviceName(resource: TreeAttributes): string {
  const name = resource['service.name'];
  return typeof name === 'string' ? name : '';
}

/**
 * What tells the processes of one service apart: `service.instance.id`, else host and process id, else
 * nothing. Records of one process have one clock.
 */
export function processName(resource: TreeAttributes): string {
  const instance = resource['service.instance.id'];
  if (typeof instance === 'string' && instance !== '') return instance;
  const host = resource['host.name'] ?? '';
  const pid = resource['process.pid'] ?? '';
  return host === '' && pid === '' ? '' : `${String(host)}/${String(pid)}`;
}

function isZero(time: readonly [number, number]): boolean {
  return time[0] === 0 && time[1] === 0;
}
