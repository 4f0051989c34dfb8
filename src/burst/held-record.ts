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

/** In `severity`: the record also says the severity's name, as its text. */
const WITH_NAME = 32;

/** What `severity` of a held record is; undefined: number and text do not fit into it. */
export function packedSeverity(number: unknown, text: unknown): number | undefined {
  if (text === undefined) return number as number;
  return text === severityNameOf(number as number) ? (number as number) | WITH_NAME : undefined;
}

const hasOwn = Object.prototype.hasOwnProperty;
const NO_MARKS: Release = { marks: undefined, sequence: 0 };

/**
 * A record with what most records have, and not more: of this kind there may be a million. Its time stands
 * beside it, where it is held.
 *
 * Records that are evicted or discarded are filled again, see `HeldRecords`. Of tens of thousands of held records
 * most survive a garbage collection, so that new ones would each be moved twice and then collected from the old
 * space: that was 40 % of their cost. For the same reason the values of attributes stand in the record itself.
 */
export class HeldRecord implements DeferredRecord, Release {
  source: RecordSource;
  body: unknown;
  /** Number, and whether it has the name as its text, see `packedSeverity`. */
  severity = 0;
  spanContext: SpanContext | undefined;
  /** Of the task in which it was written and counted. */
  marks: TaskMarks | undefined;
  sequence = 0;
  /** Of the values; undefined: the first value is a copy of the attributes, or there are none. */
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
   * Copies and measures attributes in one walk; what is nested is copied too.
   * @param none the list of no keys
   * @param maxBytes where the copy of a nested value stops
   * @returns their estimated size in bytes
   */
  setAttributes(attributes: Record<string, unknown>, none: AttributeKeys, maxBytes: number): number {
    let keys = none;
    let copy: Record<string, unknown> | undefined;
    let index = 0;
    let size = 0;
    for (const key in attributes) {
      // What is inherited comes last. In a loop over the keys this check is free, and `Object.hasOwn()` is not.
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

  /** A copy of the attributes, which may be changed; undefined if there are none. */
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

  /** Forgets what the application logged. */
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

  /** The attributes so far, in a copy of their own: there are too many, or the next key is not shared. */
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

/** Adds an attribute, also one that is named `__proto__`. */
function put(attributes: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') attributes[key] = value;
  else
    Object.defineProperty(attributes, key, { value, writable: true, enumerable: true, configurable: true });
}

/** What few records have. */
export interface Details
  extends Pick<
    ApiLogRecordLike,
    'eventName' | 'timestamp' | 'observedTimestamp' | 'severityNumber' | 'severityText' | 'exception'
  > {}

/** One that has more: a time of its own, an event name, an exception, or a severity of its own making. */
export class HeldWithDetails extends HeldRecord {
  readonly #details: Details;

  constructor(source: RecordSource, details: Details) {
    super(source);
    this.#details = details;
  }

  override dropped(): void {
    // Few have details: it is not filled again.
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
    // Its own time may be any; it was observed when it came.
    return { ...record, observedTimestamp: hrTimeOf(super.timeOf(cameAt)), ...this.#details };
  }
}

/** How many records are kept to be filled again: of a trace that is discarded not more. They are 128 bytes each. */
const MAX_SPARE = 4_096;

/** Held records that may be filled again. */
export class HeldRecords {
  readonly #spare: HeldRecord[] = [];

  /** A record without content. */
  take(source: RecordSource): HeldRecord {
    const record = this.#spare.pop();
    if (record === undefined) return new HeldRecord(source);
    record.source = source;
    return record;
  }

  /** Nothing refers to a record any more. */
  giveBack(record: HeldRecord): void {
    if (this.#spare.length === MAX_SPARE) return;
    record.clear();
    this.#spare.push(record);
  }
}
