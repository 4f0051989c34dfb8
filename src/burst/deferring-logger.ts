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

/** What a held record weighs without its strings and values, its slot included (docs/benchmarks.md). */
const HELD_BYTES = 184;

/** What all loggers of a provider share. */
export interface LoggerParts {
  readonly front: BurstFrontEnd<DeferredRecord>;
  readonly clock: OneReadClock;
  readonly records: HeldRecords;
  /** Where the lists of their attribute keys begin. */
  readonly noKeys: AttributeKeys;
  readonly maxRecordBytes: number;
  readonly maxLoudBytes: number;
  /** Whether the key of a record depends on more than its context. */
  readonly keyReadsRecord: boolean;
  /** Whether loud records wait too. */
  readonly holdsLoud: boolean;
}

/**
 * A logger in front of one of the SDK. Loud records pass through it; of quiet ones it keeps what was true when
 * they were written, and the SDK makes a record only of those that are released.
 */
export class DeferringLogger {
  readonly #parts: LoggerParts;
  readonly #front: BurstFrontEnd<DeferredRecord>;
  readonly #clock: OneReadClock;
  readonly #sdk: SdkLoggerLike;
  readonly #verbosity: Verbosity;
  /** What `#levels` was taken from; undefined: it holds for one record only. */
  #selection: LevelSelection | undefined;
  #levels: Levels | undefined;
  /** Whether the SDK refuses some records, so that it must be asked about each. */
  readonly #asksSdk: boolean;
  #source: RecordSource;
  /** Of the last span that wrote: whether it is valid is looked at once. */
  #span: SpanContext | undefined;
  #validSpan: SpanContext | undefined;
  /** The size of what was copied last, in bytes. */
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

  /** Takes a record: passes it on, or holds it. Never throws, never blocks. */
  // biome-ignore lint/suspicious/noExplicitAny: the record types of the two lines differ.
  emit(record: any): void {
    try {
      this.#emit(record);
    } catch (error) {
      this.#front.loseUnreadable(error);
    }
  }

  /** Whether a record would be taken: as the SDK answers, and false below `level`. Never throws. */
  // biome-ignore lint/suspicious/noExplicitAny: so do the options.
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
    if (!isQuiet && front.isReentrant(given)) return front.refuseReentrant();
    const live = this.#live(record, given);
    const cause = front.triggers.causeOf(live, severity, given);
    if (cause === undefined && isQuiet) return this.#hold(record, severity, given);
    if (front.isReentrant(given)) return front.refuseReentrant();
    this.#leave(record, live, severity, cause, given);
  }

  /** The levels that hold for a record; looked up again when something was configured. */
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

  #leave(
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

  /** A copy of a record, which says what was true when it was written. Its size is then in `#size`. */
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
    // Last: a getter, or a `toJSON()`, may have logged meanwhile.
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

  /** Monotonic time now; the source then has the wall clock of now. */
  #now(): number {
    const now = this.#clock.now();
    const { offset } = this.#clock;
    if (offset !== this.#source.offset) this.#source = { ...this.#source, offset };
    return now;
  }
}

/** Without a context manager OpenTelemetry knows only the root context; a task may be active all the same. */
function contextOf(record: ApiLogRecordLike): Context {
  const given = record.context ?? context.active();
  return given === ROOT_CONTEXT ? (fallbackContext() ?? given) : given;
}

/** A loud record that waits; of one that is too big, the start. */
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

/** A Date and a pair of numbers can be changed. */
function copiedTime(time: unknown): unknown {
  if (Array.isArray(time)) return [...time];
  return time instanceof Date ? new Date(time) : time;
}
