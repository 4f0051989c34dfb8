import { errorText, type ReadableLogRecordLike, snapshot } from '../record/index.ts';
import { MAX_RECORD_BYTES } from './value-writer.ts';

/** Any value as an object whose fields can be read. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Copies a record as plain data, so that reading it cannot throw. */
export function carefulCopy(record: ReadableLogRecordLike, replacement?: string): ReadableLogRecordLike {
  const read = (name: keyof ReadableLogRecordLike) => attempt(() => record[name], undefined);
  const spanContext = attempt(() => {
    const { traceId, spanId, traceFlags } = record.spanContext ?? {};
    return { traceId, spanId, traceFlags };
  }, undefined);
  return {
    ...emptyRecord(replacement ?? careful(() => record.body)),
    hrTime: careful(() => record.hrTime) as ReadableLogRecordLike['hrTime'],
    hrTimeObserved: careful(() => record.hrTimeObserved) as ReadableLogRecordLike['hrTimeObserved'],
    severityNumber: read('severityNumber'),
    severityText: read('severityText'),
    eventName: read('eventName'),
    droppedAttributesCount: read('droppedAttributesCount'),
    attributes: replacement === undefined ? carefulAttributes(asObject(record)) : {},
    spanContext: spanContext as ReadableLogRecordLike['spanContext'],
  };
}

/** A record with only a body. */
export function emptyRecord(body: unknown): ReadableLogRecordLike {
  const nothing = { resource: undefined, instrumentationScope: { name: '' }, droppedAttributesCount: 0 };
  return { ...nothing, hrTime: [0, 0], hrTimeObserved: [0, 0], attributes: {}, body };
}

/** Copies the attributes of a record, resource or scope, each value on its own. */
export function carefulAttributes(owner: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy: Record<string, unknown> = Object.create(null);
  const attributes = attempt(() => asObject(owner.attributes), {});
  for (const key of attempt(() => Object.keys(attributes), [])) copy[key] = careful(() => attributes[key]);
  return copy;
}

function careful(read: () => unknown): unknown {
  try {
    const value = read();
    if (typeof value !== 'object' || value === null) return value;
    return snapshot(value, MAX_RECORD_BYTES)?.value ?? '[too large]';
  } catch (error) {
    return `[threw ${errorText(error)}]`;
  }
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
