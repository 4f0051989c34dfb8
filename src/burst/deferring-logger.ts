import { type Context, context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import type { TriggerCause } from '../holding/index.ts';
import {
  boundedSnapshot,
  CHARACTER_BYTES,
  freeze,
  type InstrumentationScopeLike,
  Severity,
  severityOf,
} from '../record/index.ts';
import { fallbackContext, marksOf, numberRecord, taskOf } from '../task/index.ts';
import type { AttributeKeys } from './attribute-keys.ts';
import type { BurstFrontEnd } from './burst-front-end.ts';
import {
  type ApiLogRecordLike,
  type DeferredRecord,
  LiveRecord,
  type RecordSource,
  type SdkLoggerLike,
} from './deferred-record.ts';
import { exceptionFacts } from './exception-attributes.ts';
import {
  type Details,
  type HeldRecord,
  type HeldRecords,
  HeldWithDetails,
  packedSeverity,
} from './held-record.ts';
import type { LevelSelection, Levels } from './level-selection.ts';
import type { OneReadClock } from './one-read-clock.ts';
import type { Verbosity } from './verbosity.ts';

/** The size of a held record without strings and values, including its arena slot (docs/benchmarks.md). */
const HELD_BYTES = 184;

/** The objects and settings that all loggers of a provider share. */
export interface LoggerParts {
  readonly front: BurstFrontEnd<DeferredRecord>;
  readonly clock: OneReadClock;
  readonly records: HeldRecords;
  /** The empty list of attribute keys, the root of all lists. */
  readonly noKeys: AttributeKeys;
  readonly maxRecordBytes: number;
  readonly maxLoudBytes: number;
  /** Whether the key of a record depends on more than its context. */
  readonly keyReadsRecord: boolean;
  /** Whether loud records are held too (chronological order). */
  readonly holdsLoud: boolean;
}

/**
 * Wraps a logger of the SDK. Loud records pass through. Quiet records are copied and held; the SDK creates a
 * record only when one is released.
 */
export class DeferringLogger {
  readonly #parts: LoggerParts;
  readonly #front: BurstFrontEnd<DeferredRecord>;
  readonly #clock: OneReadClock;
  readonly #sdk: SdkLoggerLike;
  readonly #verbosity: Verbosity;
  /** The selection that `#levels` was taken from; undefined if the levels depend on the record. */
  #selection: LevelSelection | undefined;
  #levels: Levels | undefined;
  /** Whether the SDK's logger refuses some records, so that its `enabled()` is called for each record. */
  readonly #asksSdk: boolean;
  #source: RecordSource;
  /** The last span context, cached because its validation is expensive. */
  #span: SpanContext | undefined;
  #validSpan: SpanContext | undefined;
  /** The size of the last copied record, in bytes. */
  #size = 0;

  constructor(parts: LoggerParts, sdk: SdkLoggerLike, scope: InstrumentationScopeLike, asksSdk: boolean) {
    this.#parts = parts;
    this.#front = parts.front;
    this.#clock = parts.clock;
    this.#sdk = sdk;
    this.#verbosity = parts.front.verbosity;
    this.#asksSdk = asksSdk;
    this.#source = { logger: sdk, scope, offset: Number.NaN };
  }

  /** Passes or holds a record. Never throws, never blocks. */
  // biome-ignore lint/suspicious/noExplicitAny: the record types of the two lines differ.
  emit(record: any): void {
    try {
      this.#emit(record);
    } catch (error) {
      this.#front.dropUnreadable(error);
    }
  }

  /** Returns the answer of the SDK's logger, and false below `level`. Never throws. */
  // biome-ignore lint/suspicious/noExplicitAny: the options types of the two lines differ.
  enabled(options?: any): boolean {
    try {
      if (this.#front.isShutdown) return false;
      const severity: unknown = options?.severityNumber;
      const isKnown = typeof severity === 'number' && severity >= Severity.TRACE;
      if (isKnown && severity < this.#levelsOf(options).level) return false;
      return this.#sdk.enabled?.(options) ?? true;
    } catch {
      return true;
    }
  }

  #emit(record: ApiLogRecordLike): void {
    const front = this.#front;
    if (front.isShutdown) return;
    const severity = severityOf(record);
    const { level, emitLevel } = this.#levelsOf(record);
    if (severity !== Severity.UNSPECIFIED && severity < level) return;
    if (this.#asksSdk && this.#sdk.enabled?.(record) === false) return;
    const given = contextOf(record);
    const isQuiet = front.isQuiet(severity, emitLevel);
    if (isQuiet && !front.triggers.askQuiet) return this.#hold(record, severity, given);
    if (!isQuiet && front.isReentrant(given)) return front.dropReentrant();
    const live = this.#live(record, given);
    const cause = front.triggers.causeOf(live, severity, given);
    if (cause === undefined && isQuiet) return this.#hold(record, severity, given);
    if (front.isReentrant(given)) return front.dropReentrant();
    this.#send(record, live, severity, cause, given);
  }

  /** Returns the levels for a record. They are cached until the selection changes. */
  #levelsOf(record: ApiLogRecordLike): Levels {
    const { selection } = this.#verbosity;
    if (selection === this.#selection) return this.#levels!;
    const levels = selection.of(this.#source.scope.name, contextOf(record));
    this.#selection = selection.readsTask ? undefined : selection;
    this.#levels = levels;
    return levels;
  }

  #hold(record: ApiLogRecordLike, severity: number, given: Context): void {
    const { front, maxRecordBytes, keyReadsRecord } = this.#parts;
    const now = this.#now();
    const held = this.#held(record, severity, given, maxRecordBytes);
    const size = this.#size;
    const key = front.key.of(keyReadsRecord ? this.#live(record, given) : held, given);
    if (size > maxRecordBytes) front.core.evictOversized(key);
    else front.core.hold(key, held, size, now);
  }

  #send(
    record: ApiLogRecordLike,
    live: LiveRecord,
    severity: number,
    cause: TriggerCause | undefined,
    given: Context,
  ): void {
    const { front, holdsLoud, maxLoudBytes } = this.#parts;
    const { core, key, triggers } = front;
    const item = holdsLoud
      ? this.#held(startOf(record, live, maxLoudBytes), severity, given, maxLoudBytes)
      : live;
    const size = holdsLoud ? this.#size : 0;
    if (cause === undefined) return core.pass(item, size, given);
    core.trigger(key.of(live, given), item, size, triggers.triggerOf(live, severity, cause), given);
  }

  /** Returns a copy of a record as it is now, and stores its size in `#size`. */
  #held(record: ApiLogRecordLike, severity: number, given: Context, maxBytes: number): HeldRecord {
    const { severityNumber, severityText, eventName, timestamp, observedTimestamp, exception } = record;
    const packed = severityNumber === severity ? packedSeverity(severity, severityText) : undefined;
    const isUsual =
      packed !== undefined &&
      eventName === undefined &&
      timestamp === undefined &&
      observedTimestamp === undefined &&
      exception === undefined;
    const { records, noKeys } = this.#parts;
    const held = isUsual ? records.take(this.#source) : new HeldWithDetails(this.#source, detailsOf(record));
    held.severity = isUsual ? packed : 0;
    held.spanContext = this.#spanOf(given);
    let size = HELD_BYTES;
    const { attributes } = record;
    if (attributes !== undefined && attributes !== null) {
      size += held.setAttributes(attributes, noKeys, maxBytes);
    }
    const { body } = record;
    if (typeof body === 'string') {
      held.body = body;
      size += body.length * CHARACTER_BYTES;
    } else if (typeof body === 'object' && body !== null) {
      const copy = boundedSnapshot(body, maxBytes);
      held.body = copy.value;
      size += copy.bytes + copy.missingBytes;
    } else held.body = body;
    const task = taskOf(given);
    if (task !== undefined && numberRecord(task, eventName, attributes)) {
      held.marks = marksOf(task);
      held.sequence = task.sequence;
    }
    // Assigned last, because a getter or a `toJSON()` may have logged in the meantime.
    this.#size = size;
    return held;
  }

  #spanOf(given: Context): SpanContext | undefined {
    const span = trace.getSpanContext(given);
    if (span !== this.#span) {
      this.#span = span;
      this.#validSpan = span !== undefined && trace.isSpanContextValid(span) ? span : undefined;
    }
    return this.#validSpan;
  }

  #live(record: ApiLogRecordLike, given: Context): LiveRecord {
    const now = this.#now();
    return new LiveRecord(this.#source, record, this.#spanOf(given), Math.round(now - this.#source.offset));
  }

  /** Returns the current monotonic time, and updates the clock offset of the source. */
  #now(): number {
    const now = this.#clock.now();
    const { offset } = this.#clock;
    if (offset !== this.#source.offset) this.#source = { ...this.#source, offset };
    return now;
  }
}

/**
 * Without a context manager, OpenTelemetry's active context is the root context; a task may still be active.
 */
function contextOf(record: ApiLogRecordLike): Context {
  const given = record.context ?? context.active();
  return given === ROOT_CONTEXT ? (fallbackContext() ?? given) : given;
}

/** Returns a loud record to hold, truncated to `maxBytes`. */
function startOf(record: ApiLogRecordLike, live: LiveRecord, maxBytes: number): ApiLogRecordLike {
  const frozen = freeze(live, maxBytes).record;
  return frozen === live ? record : { ...record, body: frozen.body, attributes: frozen.attributes };
}

function detailsOf(record: ApiLogRecordLike): Details {
  const { severityNumber, severityText, eventName, timestamp, observedTimestamp, exception } = record;
  return {
    ...(severityNumber === undefined ? {} : { severityNumber }),
    ...(severityText === undefined ? {} : { severityText }),
    ...(eventName === undefined ? {} : { eventName }),
    ...(timestamp === undefined ? {} : { timestamp: copiedTime(timestamp) }),
    ...(observedTimestamp === undefined ? {} : { observedTimestamp: copiedTime(observedTimestamp) }),
    ...(exception === undefined ? {} : { exception: exceptionFacts(exception) }),
  };
}

/** Copies a time, because a Date and an array are mutable. */
function copiedTime(time: unknown): unknown {
  if (Array.isArray(time)) return [...time];
  return time instanceof Date ? new Date(time) : time;
}
