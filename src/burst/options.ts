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
 * Which records share a buffer: those of a trace, of a task with all its steps, of the whole process, or
 * those for which a function answers with the same key.
 */
export type BurstScope =
  | 'trace'
  | 'task'
  | 'global'
  | ((record: ReadableLogRecordLike, context: Context) => string | undefined);

/** What makes a record a trigger, beside its severity. */
export interface BurstTriggers {
  /** Every record with `exception.type` is a trigger, whatever its severity. Default false. */
  readonly exceptions?: boolean | undefined;
  /** Asked for every record that is not a trigger yet, quiet ones too. If it throws, the answer is no. */
  readonly when?: ((record: ReadableLogRecordLike, context: Context) => boolean) | undefined;
}

/** The delivery of the exporter form. */
export interface BurstDeliveryOptions
  extends Omit<DeliveryOptions, 'maxQueueBytes' | 'meterProvider' | 'clock' | 'flushTimeoutMillis'> {
  /**
   * How failed exports are tried again; `false`: not at all. An exporter that retries by itself and says so
   * with `worstCaseMillis` is not wrapped a second time.
   */
  readonly retry?: Omit<RetryOptions, 'clock'> | false | undefined;
}

/** For which keys `burst()` and `discard()` are called. */
export interface BurstCallOptions {
  /**
   * `'active'`: the key of the active context. `'all'`: every key. An array: these keys, as the `scope`
   * function returns them; the id of a trace or of a root task; `''` is the shared bucket. Default `'active'`.
   */
  readonly keys?: 'active' | 'all' | readonly string[] | undefined;
}

/** The options of both forms. */
export interface BurstOptions {
  /**
   * Quieter records are refused: `enabled()` is false and they cost next to nothing. One severity, or one for
   * each logger: `{ default: 'DEBUG', 'noisy.*': 'INFO' }`. Not above `emitLevel`. Default TRACE.
   */
  readonly level?: LevelByLogger | undefined;
  /** From here on a record is loud: exported always. Not above `burstLevel`. Default INFO. */
  readonly emitLevel?: SeverityLike | undefined;
  /** From here on a record is a trigger. Default ERROR. */
  readonly burstLevel?: SeverityLike | undefined;
  /** What makes a record a trigger beside its severity. Default: nothing. */
  readonly triggers?: BurstTriggers | undefined;
  /** What a buffer belongs to. Default `'trace'`; `'global'` in chronological order. */
  readonly scope?: BurstScope | undefined;
  /** Quiet records held per key; in chronological order, records in the row. From 1; default 1,000. */
  readonly capacity?: number | undefined;
  /**
   * When `capacity` is passed, the oldest go until capacity x threshold remain. Above 0, up to 1; default 1
   * (0.8).
   */
  readonly threshold?: number | undefined;
  /**
   * Bytes held, replaying and queued for delivery, of all keys, by estimate. When passed, held records go
   * first, the oldest of the process first, then replaying ones, then the quietest that are queued. Default
   * 32 MiB.
   */
  readonly maxBytes?: number | undefined;
  /** A quiet record over this estimate is not held. Default: maxBytes / 16. */
  readonly maxRecordBytes?: number | undefined;
  /** A held record older than this is evicted, in milliseconds. Default 600,000. */
  readonly maxAgeMillis?: number | undefined;
  /**
   * What is held of a key without open spans is evicted after so much silence, in milliseconds. Default
   * 60,000.
   */
  readonly idleMillis?: number | undefined;
  /**
   * `'immediate'`: loud records at once. `'chronological'`: nothing overtakes, for flat files. Default
   * `'immediate'`.
   */
  readonly order?: 'immediate' | 'chronological' | undefined;
  /**
   * Chronological order only: how long a loud record waits at most in the row. Default 10,000; Infinity as in
   * BurstLogging.
   */
  readonly maxDelayMillis?: number | undefined;
  /**
   * How many quiet records, and for how long, a key passes straight on after its burst. `false`: none.
   * Default 100 records, 10,000 milliseconds.
   */
  readonly after?:
    | {
        /** How many records. From 1; default 100. */
        readonly records?: number | undefined;
        /** For how long, in milliseconds. From 1; default 10,000. */
        readonly millis?: number | undefined;
      }
    | false
    | undefined;
  /**
   * How many quiet records may leave in which time. A burst leaves whole or not at all. The share `reserve`
   * is kept for errors that are new, by their fingerprint. Manual bursts and those of FATAL records are not
   * limited. `false`: no limit. Default 60,000 records (`capacity`, if that is more) in 60,000 milliseconds,
   * reserve 0.5.
   */
  readonly limit?:
    | {
        /** How many records may leave in `millis`. From 1; default 60,000, or `capacity` if that is more. */
        readonly records?: number | undefined;
        /** In which time, in milliseconds. From 1; default 60,000. */
        readonly millis?: number | undefined;
        /** The share of `records` that is kept for new errors, 0 to 1. Default 0.5. */
        readonly reserve?: number | undefined;
      }
    | false
    | undefined;
  /**
   * What makes two errors the same. If it throws or returns no text, or for spans, the default decides: the
   * attribute `error.fingerprint`, else type and own frames of the exception, else the message without what
   * varies in it.
   */
  readonly fingerprint?: ((record: ReadableLogRecordLike) => string) | undefined;
  /** Released records handed on before the next wait for `forceFlush()`. From 1; default 512. */
  readonly replayBatch?: number | undefined;
  /**
   * How long `forceFlush()` waits at most, in milliseconds, unless its caller says `timeoutMillis`. What is
   * not delivered by then stays pending, see `stats()`. From 0; default 10,000.
   */
  readonly flushTimeoutMillis?: number | undefined;
  /**
   * Keeps what is held, and what is not delivered yet, in a file too, so that it survives SIGKILL, out of
   * memory and a crash: the next start of the service exports it. Not with `order: 'chronological'`. Default:
   * no file.
   */
  readonly blackBox?: BlackBoxOptions | undefined;
  /** Where the metrics go. Default: nowhere. */
  readonly meterProvider?: MeterProviderLike | undefined;
  /** Time, for tests. Default: the machine's. */
  readonly clock?: Clock | undefined;
}

/** The LoggerProvider of the SDK, of either line. */
export interface SdkLoggerProviderLike {
  /** The logger of this name, whose records go to the processors of the provider. */
  getLogger(
    name: string,
    version?: string,
    // biome-ignore lint/suspicious/noExplicitAny: the lines differ in the options.
    options?: any,
    // biome-ignore lint/suspicious/noExplicitAny: and in the records and options that a logger takes.
  ): { emit(record: any): void; enabled?(options?: any): boolean };
  /** Flushes its processors. */
  forceFlush(options?: FlushOptionsLike): Promise<void>;
  /** Ends its processors. */
  shutdown(): Promise<void>;
}

/** A Logger of either line. */
export interface DeferredLogger {
  /** Emits a record: held if it is quiet, else passed to the SDK at once. */
  // biome-ignore lint/suspicious/noExplicitAny: the record types of the lines differ.
  emit(record: any): void;
  /** Whether a record of this severity would be held or exported. */
  // biome-ignore lint/suspicious/noExplicitAny: so do the options.
  enabled(options?: any): boolean;
}

/** In front of the SDK: released means that the SDK makes the record. */
export interface BurstLoggerProviderOptions extends BurstOptions {
  /** The SDK's LoggerProvider. Its processors export what is loud or released. */
  readonly provider: SdkLoggerProviderLike;
}

/** The exporter form: the whole pipeline. */
export interface BurstExporterOptions extends BurstOptions {
  /** Exports what is loud or released. The processor shuts it down. */
  readonly exporter: LogRecordExporterLike;
  /** Queue, batches, time-outs and retries between the processor and the exporter. */
  readonly delivery?: BurstDeliveryOptions | undefined;
  /** Not in this form. */
  readonly processor?: undefined;
}

/** The processor form: released means handed on to `processor`. */
export interface BurstProcessorOptions extends BurstOptions {
  /** Takes what is loud or released. The processor shuts it down. */
  readonly processor: LogRecordProcessorLike;
  /** Not in this form. */
  readonly exporter?: undefined;
  /** Not in this form: delivery is up to `processor`. */
  readonly delivery?: undefined;
}
