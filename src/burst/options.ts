import type { Context } from '@opentelemetry/api';
import type { BlackBoxOptions } from '../box/index.ts';
import type { DeliveryOptions, RetryOptions } from '../export/index.ts';
import type {
  Clock,
  FlushOptionsLike,
  LogRecordExporterLike,
  LogRecordProcessorLike,
  MeterProviderLike,
  ReadableLogRecordLike,
  SeverityLike,
} from '../record/index.ts';
import type { LevelByLogger } from './level-table.ts';

/**
 * Which records share a buffer: the records of a trace, of a task with all its steps, of the whole process,
 * or the records for which a function returns the same key.
 */
export type BurstScope =
  | 'trace'
  | 'task'
  | 'global'
  | ((record: ReadableLogRecordLike, context: Context) => string | undefined);

/** What makes a record a trigger, in addition to its severity. */
export interface BurstTriggers {
  /** Every record with `exception.type` is a trigger, whatever its severity. Default false. */
  readonly exceptions?: boolean | undefined;
  /**
   * Called for every record that is not a trigger otherwise, including quiet ones. If it throws, the record
   * is not a trigger.
   */
  readonly when?: ((record: ReadableLogRecordLike, context: Context) => boolean) | undefined;
}

/** The delivery of the exporter form. */
export interface BurstDeliveryOptions
  extends Omit<DeliveryOptions, 'maxQueueBytes' | 'meterProvider' | 'clock' | 'flushTimeoutMillis'> {
  /**
   * How failed exports are retried; `false` disables retries. An exporter that retries by itself, and
   * declares it with `worstCaseMillis`, is not wrapped a second time.
   */
  readonly retry?: Omit<RetryOptions, 'clock'> | false | undefined;
}

/** The options of `burst()` and `discard()`. */
export interface BurstCallOptions {
  /**
   * `'active'`: the key of the active context. `'all'`: every key. An array: these keys, which are trace ids,
   * ids of root tasks, or values of the `scope` function; `''` is the shared bucket. Default `'active'`.
   */
  readonly keys?: 'active' | 'all' | readonly string[] | undefined;
}

/** The options of both forms. */
export interface BurstOptions {
  /**
   * Records below this severity are refused: `enabled()` returns false, and they cost next to nothing. One
   * severity, or one per logger: `{ default: 'DEBUG', 'noisy.*': 'INFO' }`. Not above `emitLevel`. Default
   * TRACE.
   */
  readonly level?: LevelByLogger | undefined;
  /** Records at or above this severity are loud: always exported. Not above `burstLevel`. Default INFO. */
  readonly emitLevel?: SeverityLike | undefined;
  /** Records at or above this severity are triggers. Default ERROR. */
  readonly burstLevel?: SeverityLike | undefined;
  /** What makes a record a trigger, in addition to its severity. Default: nothing. */
  readonly triggers?: BurstTriggers | undefined;
  /** Which records share a buffer. Default `'trace'`; `'global'` in chronological order. */
  readonly scope?: BurstScope | undefined;
  /** Quiet records held per key; in chronological order, all records that wait. From 1; default 1,000. */
  readonly capacity?: number | undefined;
  /**
   * When `capacity` is exceeded, the oldest records are evicted until capacity x threshold remain. Above 0,
   * up to 1; default 1 (0.8 in chronological order).
   */
  readonly threshold?: number | undefined;
  /**
   * Estimated bytes of held, replaying and queued records of all keys. When exceeded, held records are
   * evicted first (the oldest of the process first), then replaying ones are dropped, then the quietest
   * queued ones. Default 32 MiB.
   */
  readonly maxBytes?: number | undefined;
  /** A quiet record whose estimated size exceeds this value is not held. Default: maxBytes / 16. */
  readonly maxRecordBytes?: number | undefined;
  /** A held record older than this is evicted, in milliseconds. Default 600,000. */
  readonly maxAgeMillis?: number | undefined;
  /**
   * The held records of a key without open spans are evicted after this time without a new record, in
   * milliseconds. Default 60,000.
   */
  readonly idleMillis?: number | undefined;
  /**
   * `'immediate'`: loud records are exported at once. `'chronological'`: no record overtakes another, for
   * flat files. Default `'immediate'`.
   */
  readonly order?: 'immediate' | 'chronological' | undefined;
  /**
   * Chronological order only: how long a loud record waits at most, in milliseconds. Default 10,000; use
   * Infinity for the behaviour of BurstLogging.
   */
  readonly maxDelayMillis?: number | undefined;
  /**
   * The after-window: how many quiet records of a key are exported at once after its burst, and for how long.
   * `false` disables it. Default 100 records, 10,000 milliseconds.
   */
  readonly after?:
    | {
        /** How many records. From 1; default 100. */
        readonly records?: number | undefined;
        /** How long, in milliseconds. From 1; default 10,000. */
        readonly millis?: number | undefined;
      }
    | false
    | undefined;
  /**
   * How many quiet records may be released per time. A burst is released completely or not at all. The share
   * `reserve` is reserved for errors whose fingerprint is new. Manual bursts and bursts of FATAL records are
   * not limited. `false` disables the limit. Default 60,000 records (`capacity`, if that is more) in 60,000
   * milliseconds, reserve 0.5.
   */
  readonly limit?:
    | {
        /**
         * How many records may be released in `millis`. From 1; default 60,000, or `capacity` if that is
         * more.
         */
        readonly records?: number | undefined;
        /** The time in which `records` may be released, in milliseconds. From 1; default 60,000. */
        readonly millis?: number | undefined;
        /** The share of `records` that is reserved for new errors, 0 to 1. Default 0.5. */
        readonly reserve?: number | undefined;
      }
    | false
    | undefined;
  /**
   * Returns the fingerprint of an error: errors with equal fingerprints are the same. If it throws or returns
   * no text, and for spans, the default applies: the attribute `error.fingerprint`, else type and own frames
   * of the exception, else the message without its variable parts.
   */
  readonly fingerprint?: ((record: ReadableLogRecordLike) => string) | undefined;
  /** How many released records are sent before `forceFlush()` is awaited. From 1; default 512. */
  readonly replayBatch?: number | undefined;
  /**
   * How long `forceFlush()` waits at most, in milliseconds, unless its caller passes `timeoutMillis`. Records
   * not delivered by then stay pending, see `stats()`. From 0; default 10,000.
   */
  readonly flushTimeoutMillis?: number | undefined;
  /**
   * Also writes held and undelivered records to a file, so that they survive SIGKILL, out of memory and
   * crashes. The next start of the service exports them. Not with `order: 'chronological'`. Default: no file.
   */
  readonly blackBox?: BlackBoxOptions | undefined;
  /** The MeterProvider for the `burstlog.*` metrics. Default: no metrics. */
  readonly meterProvider?: MeterProviderLike | undefined;
  /** The source of time, for tests. Default: the system clock. */
  readonly clock?: Clock | undefined;
}

/** The LoggerProvider of the SDK, of OTel JS 2.x or 3.x. */
export interface SdkLoggerProviderLike {
  /** Returns the logger of this name, whose records are passed to the processors of the provider. */
  getLogger(
    name: string,
    version?: string,
    // biome-ignore lint/suspicious/noExplicitAny: the options types of the lines differ.
    options?: any,
    // biome-ignore lint/suspicious/noExplicitAny: the record and options types of the lines differ.
  ): { emit(record: any): void; enabled?(options?: any): boolean };
  /** Flushes its processors. */
  forceFlush(options?: FlushOptionsLike): Promise<void>;
  /** Shuts down its processors. */
  shutdown(): Promise<void>;
}

/** A Logger of OTel JS 2.x or 3.x. */
export interface DeferredLogger {
  /** Emits a record. A quiet record is held; any other is passed to the SDK at once. */
  // biome-ignore lint/suspicious/noExplicitAny: the record types of the lines differ.
  emit(record: any): void;
  /** Whether a record of this severity would be held or exported. */
  // biome-ignore lint/suspicious/noExplicitAny: the options types of the lines differ.
  enabled(options?: any): boolean;
}

/** The options of `BurstLoggerProvider`, in which a record is released by having the SDK create it. */
export interface BurstLoggerProviderOptions extends BurstOptions {
  /** The SDK's LoggerProvider. Its processors export loud and released records. */
  readonly provider: SdkLoggerProviderLike;
}

/** The exporter form: a complete pipeline. */
export interface BurstExporterOptions extends BurstOptions {
  /** Exports loud and released records. The processor shuts it down. */
  readonly exporter: LogRecordExporterLike;
  /** Queue, batches, timeouts and retries between the processor and the exporter. */
  readonly delivery?: BurstDeliveryOptions | undefined;
  /** Not in this form. */
  readonly processor?: undefined;
}

/** The processor form: a record is released by passing it to `processor`. */
export interface BurstProcessorOptions extends BurstOptions {
  /** Receives loud and released records. The processor shuts it down. */
  readonly processor: LogRecordProcessorLike;
  /** Not in this form. */
  readonly exporter?: undefined;
  /** Not in this form: `processor` does its own delivery. */
  readonly delivery?: undefined;
}
