import type { SpanContext } from '@opentelemetry/api';
import {
  boundedSnapshot,
  CHARACTER_BYTES,
  MAX_ATTRIBUTE_DEPTH,
  type Release,
  rankOf,
  severityNameOf,
  severityOf,
  type TaskMarks,
  VALUE_BYTES,
} from '../record/index.ts';
import type { AttributeKeys } from './attribute-keys.ts';
import {
  type ApiLogRecordLike,
  type DeferredRecord,
  hrTimeOf,
  millisOf,
  type RecordSource,
} from './deferred-record.ts';

/** A flag in `severity`: the record's severity text is the name of its severity number. */
const WITH_NAME = 32;

/** Packs severity number and text into `severity`. @returns undefined if they cannot be packed */
export function packedSeverity(number: unknown, text: unknown): number | undefined {
  if (text === undefined) return number as number;
  return text === severityNameOf(number as number) ? (number as number) | WITH_NAME : undefined;
}

const hasOwn = Object.prototype.hasOwnProperty;
const NO_MARKS: Release = { marks: undefined, sequence: 0 };

/**
 * A held record with only the fields that most records have, because there may be a million of them. Its time
 * is stored in the arena.
 *
 * Evicted and discarded records are reused, see `HeldRecords`. Most of tens of thousands of held records
 * survive a minor garbage collection, so new objects would be copied twice and then collected from the old
 * space, which was 40 % of their cost. For the same reason attribute values are stored in the record itself.
 */
export class HeldRecord implements DeferredRecord, Release {
  source: RecordSource;
  body: unknown;
  /** The severity number and a flag for its text, see `packedSeverity`. */
  severity = 0;
  spanContext: SpanContext | undefined;
  /** The attributes of the task in which the record was emitted and numbered. */
  marks: TaskMarks | undefined;
  sequence = 0;
  /** The keys of the values. If undefined, `#value0` is a copy of all attributes, or there are none. */
  #keys: AttributeKeys | undefined;
  #value0: unknown;
  #value1: unknown;
  #value2: unknown;
  #value3: unknown;
  #value4: unknown;
  #value5: unknown;

  constructor(source: RecordSource) {
    this.source = source;
  }

  dropped(spare: HeldRecords): void {
    spare.giveBack(this);
  }

  get rank(): number {
    return rankOf(this.severity & ~WITH_NAME);
  }

  get release(): Release {
    return this.marks === undefined ? NO_MARKS : this;
  }

  timeOf(cameAt: number): number {
    return Math.round(cameAt - this.source.offset);
  }

  /**
   * Copies and measures attributes in one pass, including nested values.
   * @param none the empty list of keys
   * @param maxBytes the bound of the copy of a nested value
   * @returns the estimated size in bytes
   */
  setAttributes(attributes: Record<string, unknown>, none: AttributeKeys, maxBytes: number): number {
    let keys = none;
    let copy: Record<string, unknown> | undefined;
    let index = 0;
    let size = 0;
    for (const key in attributes) {
      // Inherited keys come last. In a `for in` loop this check costs nothing, unlike `Object.hasOwn()`.
      if (!hasOwn.call(attributes, key)) break;
      let value = attributes[key];
      size += VALUE_BYTES;
      if (typeof value === 'string') size += value.length * CHARACTER_BYTES;
      else if (typeof value === 'object' && value !== null) {
        const nested = boundedSnapshot(value, maxBytes, MAX_ATTRIBUTE_DEPTH);
        value = nested.value;
        size += nested.bytes + nested.missingBytes;
      }
      const longer = copy === undefined ? keys.with(key) : undefined;
      if (longer === undefined) {
        copy ??= this.#unshared(keys);
        put(copy, key, value);
      } else {
        this.#setValue(index, value);
        index += 1;
        keys = longer;
      }
    }
    if (copy === undefined) this.#keys = keys;
    else this.#value0 = copy;
    return size;
  }

  /** The attributes as a new object, which the caller may change; undefined if there are none. */
  get attributes(): Record<string, unknown> | undefined {
    const keys = this.#keys;
    if (keys === undefined) return this.#value0 as Record<string, unknown> | undefined;
    const values = this.#values();
    const attributes: Record<string, unknown> = {};
    const all = keys.all();
    for (let index = 0; index < all.length; index += 1) attributes[all[index]!] = values[index];
    return attributes;
  }

  toRecord(cameAt: number): ApiLogRecordLike {
    const { severity, body, attributes } = this;
    const severityNumber = severity & ~WITH_NAME;
    const time = hrTimeOf(this.timeOf(cameAt));
    return {
      timestamp: time,
      observedTimestamp: time,
      severityNumber,
      ...(severity === severityNumber ? {} : { severityText: severityNameOf(severityNumber) }),
      ...(body === undefined ? {} : { body }),
      ...(attributes === undefined ? {} : { attributes }),
    };
  }

  /** Removes all references to data of the application. */
  clear(): void {
    this.body = undefined;
    this.spanContext = undefined;
    this.marks = undefined;
    this.#clearAttributes();
  }

  #clearAttributes(): void {
    this.#keys = undefined;
    this.#value0 = undefined;
    this.#value1 = undefined;
    this.#value2 = undefined;
    this.#value3 = undefined;
    this.#value4 = undefined;
    this.#value5 = undefined;
  }

  /** Moves the attributes so far to an object, because there are too many or the next key is not shared. */
  #unshared(keys: AttributeKeys): Record<string, unknown> {
    this.#keys = keys;
    const copy = this.attributes!;
    this.#clearAttributes();
    return copy;
  }

  #setValue(index: number, value: unknown): void {
    switch (index) {
      case 0:
        this.#value0 = value;
        break;
      case 1:
        this.#value1 = value;
        break;
      case 2:
        this.#value2 = value;
        break;
      case 3:
        this.#value3 = value;
        break;
      case 4:
        this.#value4 = value;
        break;
      default:
        this.#value5 = value;
    }
  }

  #values(): readonly unknown[] {
    return [this.#value0, this.#value1, this.#value2, this.#value3, this.#value4, this.#value5];
  }
}

/** Adds an attribute, even if it is named `__proto__`. */
function put(attributes: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') attributes[key] = value;
  else
    Object.defineProperty(attributes, key, { value, writable: true, enumerable: true, configurable: true });
}

/** The fields that few records have. */
export interface Details
  extends Pick<
    ApiLogRecordLike,
    'eventName' | 'timestamp' | 'observedTimestamp' | 'severityNumber' | 'severityText' | 'exception'
  > {}

/** A held record with a timestamp, an event name, an exception, or a severity that cannot be packed. */
export class HeldWithDetails extends HeldRecord {
  readonly #details: Details;

  constructor(source: RecordSource, details: Details) {
    super(source);
    this.#details = details;
  }

  override dropped(): void {
    // Not reused, because records with details are rare.
  }

  override get rank(): number {
    return rankOf(severityOf(this.#details));
  }

  override timeOf(cameAt: number): number {
    const { timestamp } = this.#details;
    return timestamp === undefined ? super.timeOf(cameAt) : millisOf(timestamp);
  }

  override toRecord(cameAt: number): ApiLogRecordLike {
    const { severityNumber: _none, ...record } = super.toRecord(cameAt);
    // The timestamp may be any time. The observed time is the time of arrival.
    return { ...record, observedTimestamp: hrTimeOf(super.timeOf(cameAt)), ...this.#details };
  }
}

/** How many records the pool keeps, for example of a discarded trace. A record takes 128 bytes. */
const MAX_SPARE = 4_096;

/** A pool of held records. */
export class HeldRecords {
  readonly #spare: HeldRecord[] = [];

  /** Returns an empty record, reused if possible. */
  take(source: RecordSource): HeldRecord {
    const record = this.#spare.pop();
    if (record === undefined) return new HeldRecord(source);
    record.source = source;
    return record;
  }

  /** Returns a record to the pool. The caller must not keep a reference to it. */
  giveBack(record: HeldRecord): void {
    if (this.#spare.length === MAX_SPARE) return;
    record.clear();
    this.#spare.push(record);
  }
}
