import type { TreeRecord } from '../../src/tree/index.ts';

/**
 * Records in the format of the Collector's file exporter: one request per line, here with one record each.
 */
export function otlpLine(...records: readonly TreeRecord[]): string {
  const resourceLogs = records.map((record) => ({
    resource: {
      attributes: listOf({ 'service.name': record.service, 'service.instance.id': record.process }),
    },
    scopeLogs: [{ scope: { name: record.scope }, logRecords: [logRecord(record)] }],
  }));
  return JSON.stringify({ resourceLogs });
}

function logRecord(record: TreeRecord) {
  return {
    timeUnixNano: `${record.seconds}${String(record.nanos).padStart(9, '0')}`,
    severityNumber: record.severity,
    body: { stringValue: record.body },
    attributes: listOf(record.attributes),
    traceId: record.traceId,
    spanId: record.spanId,
    ...(record.eventName === '' ? {} : { eventName: record.eventName }),
  };
}

function listOf(attributes: { readonly [name: string]: unknown }) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyOf(value) }));
}

function anyOf(value: unknown): object {
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyOf) } };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value !== 'number') return { stringValue: String(value) };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
