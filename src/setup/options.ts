import type {
  BurstCallOptions,
  BurstDeliveryOptions,
  BurstOptions,
  BurstStats,
  VerbosityRule,
} from '../burst/index.ts';
import type { FlushOptionsLike, LogRecordExporterLike, SeverityName } from '../record/index.ts';

/**
 * The options of `start()` and `withBurstlog()`. Most can also be set by an environment variable: `emitLevel`
 * is `BURSTLOG_EMIT_LEVEL`. An option takes precedence over its variable.
 */
export interface StartOptions {
  /** The `service.name` of the resource. Default: `OTEL_SERVICE_NAME`, or the name in package.json. */
  readonly serviceName?: string | undefined;
  /** The minimum severity; less severe records are dropped before they are created. Default TRACE. */
  readonly level?: SeverityName | undefined;
  /**
   * Records of at least this severity are always exported. Less severe ones are held until a trigger. Default
   * INFO.
   */
  readonly emitLevel?: SeverityName | undefined;
  /** Records of at least this severity are triggers, which release the held records. Default ERROR. */
  readonly burstLevel?: SeverityName | undefined;
  /** Which records share a buffer: those of a trace, a task, or the whole process. Default `'trace'`. */
  readonly scope?: 'trace' | 'task' | 'global' | undefined;
  /** The maximum number of records in a buffer. From 1; default 1,000. */
  readonly capacity?: number | undefined;
  /** Spans that last longer are triggers, in milliseconds. Default: no limit. */
  readonly slowerThanMillis?: number | undefined;
  /**
   * How unsampled traces are handled. `'record'`: their spans are recorded but not exported, so that they can
   * be triggers. Default `'ignore'`.
   */
  readonly unsampledTraces?: 'ignore' | 'record' | undefined;
  /**
   * Where log records are exported: one of the names, or an exporter. Default: `OTEL_LOGS_EXPORTER`, or
   * `'otlp'`.
   */
  readonly exporter?: 'otlp' | 'zmq' | 'stdout' | 'none' | LogRecordExporterLike | undefined;
  /** The address of the exporter. Default: `OTEL_EXPORTER_OTLP_*`; for `'zmq'` `tcp://127.0.0.1:5011`. */
  readonly endpoint?: string | undefined;
  /**
   * The format of `'stdout'`: OTLP/JSON lines or readable lines. Default `'auto'`: readable on a terminal.
   */
  readonly stdoutFormat?: 'auto' | 'otlpJson' | 'text' | undefined;
  /**
   * The directory of the black box, in which held and undelivered records survive the end of the process.
   * Default: none. The option `burst.blackBox` has more options.
   */
  readonly blackBox?: string | undefined;
  /**
   * Where records are written that can no longer be exported when the process ends and are in no black box,
   * as lines of OTLP/JSON: `'stderr'`, or the path of a file. Default: nowhere.
   */
  readonly fallback?: string | undefined;
  /** A file with rules that change levels at run time; changes are detected. See docs/verbosity.md. */
  readonly verbosityFile?: string | undefined;
  /**
   * The signal that releases all held records, unless the application has a listener for it. Default
   * `'SIGUSR2'`; `'none'` with `withBurstlog()` and under nodemon, which restarts with this signal. See
   * docs/verbosity.md.
   */
  readonly releaseSignal?: 'SIGUSR2' | 'SIGHUP' | 'SIGQUIT' | 'none' | undefined;
  /**
   * Whether the installed instrumentations are enabled, or a list of instrumentations to enable. Default
   * true, or false if another SDK is already running.
   */
  readonly instrumentations?: boolean | readonly InstrumentationLike[] | undefined;
  /** Additional attributes of the resource. */
  readonly resourceAttributes?: { readonly [key: string]: unknown } | undefined;
  /** Additional options of the `BurstLogRecordProcessor`. They take precedence over all others. */
  readonly burst?: (BurstOptions & { readonly delivery?: BurstDeliveryOptions | undefined }) | undefined;
  /** The environment variables to read. Default: `process.env`. */
  readonly environment?: { readonly [name: string]: string | undefined } | undefined;
}

/** An instrumentation of OpenTelemetry. */
export interface InstrumentationLike {
  /** The package name of the instrumentation. */
  readonly instrumentationName: string;
}

/** A running setup. */
export interface Burstlog {
  /** Releases the held records without a trigger: see `BurstLogRecordProcessor`. */
  burst(
    options?: BurstCallOptions & { readonly reason?: string | undefined },
  ): { id: string; released: number } | undefined;
  /** Discards the held records. @returns the number of discarded records */
  discard(options?: BurstCallOptions): number;
  /**
   * Changes levels temporarily at run time: see `BurstLogRecordProcessor`.
   * @returns a function that removes these rules early
   */
  configure(rules: VerbosityRule | readonly VerbosityRule[]): () => void;
  /** Returns what happened to the records; undefined if no log records are exported. */
  stats(): BurstStats | undefined;
  /**
   * Resolves when records and spans have been delivered or have failed, or after a timeout. Never rejects.
   */
  forceFlush(options?: FlushOptionsLike): Promise<void>;
  /** Flushes, then stops everything that was started. May be called twice. Never rejects. */
  shutdown(): Promise<void>;
}
