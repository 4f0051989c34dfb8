import type { HrTime } from '@opentelemetry/api';
import type { InstrumentationScopeLike, ReadableLogRecordLike, ResourceLike } from './otel.ts';
import { Severity } from './severity.ts';
import { boundedSnapshot, isWritableNumber, MAX_ATTRIBUTE_DEPTH } from './snapshot.ts';
import { LogRecordView } from './view.ts';

/**
 * The maximum number of values that are checked per attribute. A larger attribute is copied, which is
 * bounded.
 */
const MAX_VALUES = 10_000;
/** The maximum size of such a copy. */
const MAX_ATTRIBUTE_BYTES = 2 * 1024 * 1024;
/** OTLP times are unsigned 64-bit nanoseconds, which end in the year 2554. */
const MAX_SECONDS = 2 ** 64 / 1e9;

/**
 * Returns a record that every exporter can write and every OTLP server accepts. A server rejects a whole
 * request for one invalid value: NaN, an integer over 64 bits, a severity that is not an integer, a name that
 * is not a text, a time before 1970, or objects that are nested too deeply. Such a value is converted to text
 * or to the nearest valid value, on a view, because SDK records are read-only. Object bodies were copied, and
 * thereby made valid, before.
 * @returns the record itself if it is valid, which costs one check per attribute
 */
export function writable(record: ReadableLogRecordLike): ReadableLogRecordLike {
  try {
    return isWritable(record) ? record : new WritableView(record);
  } catch {
    // A getter threw. It will throw in the exporter, too, and the delivery then drops this record alone.
    return record;
  }
}

/**
 * The same for a resource: with an invalid number in it, every request of the process would be rejected.
 * @returns the resource itself if it is valid, otherwise a proxy with valid attributes
 */
export function writableResource(resource: ResourceLike): ResourceLike {
  try {
    const { attributes } = resource;
    const wrong = Object.keys(attributes).filter((key) => !isWritableValue(attributes[key]));
    if (wrong.length === 0) return resource;
    const replaced = {
      ...attributes,
      ...Object.fromEntries(wrong.map((key) => [key, copied(attributes[key])])),
    };
    return new Proxy({} as ResourceLike, {
      get(_target, key) {
        if (key === 'attributes') return replaced;
        const value: unknown = Reflect.get(resource, key, resource);
        return typeof value === 'function' ? (value.bind(resource) as unknown) : value;
      },
    });
  } catch {
    return resource;
  }
}

function isWritable(record: ReadableLogRecordLike): boolean {
  const { severityNumber, severityText, eventName, instrumentationScope: scope } = record;
  if (severityNumber !== undefined && !isSeverity(severityNumber)) return false;
  if (severityText !== undefined && typeof severityText !== 'string') return false;
  if (eventName !== undefined && typeof eventName !== 'string') return false;
  if (!isTime(record.hrTime) || !isTime(record.hrTimeObserved) || !isScope(scope)) return false;
  const { attributes, body } = record;
  if (typeof body !== 'object' && !isWritableValue(body)) return false;
  for (const key in attributes) if (!isWritableValue(attributes[key])) return false;
  return true;
}

class WritableView extends LogRecordView {
  constructor(record: ReadableLogRecordLike) {
    super(record, {});
    const { severityNumber, severityText, eventName, hrTimeObserved, instrumentationScope } = record;
    this.severityNumber = severityOf(severityNumber);
    if (severityText !== undefined) this.severityText = textOf(severityText);
    if (eventName !== undefined) this.eventName = textOf(eventName);
    this.hrTimeObserved = isTime(hrTimeObserved) ? hrTimeObserved : [0, 0];
    if (!isTime(record.hrTime)) this.hrTime = this.hrTimeObserved;
    if (!isScope(instrumentationScope)) this.instrumentationScope = scopeOf(instrumentationScope);
    if (typeof this.body !== 'object') this.body = copied(this.body);
    for (const key of Object.keys(this.attributes)) {
      const value = this.attributes[key];
      // Defined instead of assigned, because a key "__proto__" would change the prototype.
      if (!isWritableValue(value)) Object.defineProperty(this.attributes, key, { value: copied(value) });
    }
  }
}

function copied(value: unknown): unknown {
  return boundedSnapshot(value, MAX_ATTRIBUTE_BYTES, MAX_ATTRIBUTE_DEPTH).value;
}

function isWritableValue(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return true;
    case 'number':
      return isWritableNumber(value);
    case 'object':
      return value === null || new Walk().isPlain(value, 0);
    default:
      return false;
  }
}

/** Checks one attribute, with bounded cost. */
class Walk {
  #left = MAX_VALUES;

  isPlain(value: object, depth: number): boolean {
    if (value instanceof Uint8Array) return true;
    if (depth >= MAX_ATTRIBUTE_DEPTH) return false;
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length; at += 1) if (!this.#isFine(value[at], depth)) return false;
      return true;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return false;
    for (const key of Object.keys(value)) {
      if (!this.#isFine((value as Record<string, unknown>)[key], depth)) return false;
    }
    return true;
  }

  #isFine(value: unknown, depth: number): boolean {
    this.#left -= 1;
    if (this.#left < 0) return false;
    return typeof value === 'object' && value !== null
      ? this.isPlain(value, depth + 1)
      : isWritableValue(value);
  }
}

function isSeverity(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= Severity.FATAL4;
}

function severityOf(value: unknown): number | undefined {
  if (typeof value !== 'number' || !(value >= 1)) return undefined;
  return Math.min(Math.trunc(value), Severity.FATAL4);
}

function isTime(time: HrTime): boolean {
  const [seconds, nanos] = time;
  return seconds >= 0 && seconds < MAX_SECONDS - 1 && nanos >= 0 && nanos <= 1e9;
}

function isScope({ name, version, schemaUrl }: InstrumentationScopeLike): boolean {
  return (
    typeof name === 'string' &&
    (version === undefined || typeof version === 'string') &&
    (schemaUrl === undefined || typeof schemaUrl === 'string')
  );
}

function scopeOf(scope: InstrumentationScopeLike): InstrumentationScopeLike {
  const { name, version, schemaUrl } = scope;
  return {
    ...scope,
    name: textOf(name),
    ...(version === undefined ? {} : { version: textOf(version) }),
    ...(schemaUrl === undefined ? {} : { schemaUrl: textOf(schemaUrl) }),
  };
}

function textOf(value: unknown): string {
  try {
    return typeof value === 'object' && value !== null ? (JSON.stringify(value) ?? '') : String(value ?? '');
  } catch {
    return '';
  }
}
