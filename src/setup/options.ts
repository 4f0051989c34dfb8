import type {
  BurstCallOptions,
  BurstDeliveryOptions,
  BurstOptions,
  BurstStats,
  VerbosityRule,
} from '../burst/index.ts';
import type { FlushOptionsLike, LogRecordExporterLike, SeverityName } from '../record/index.ts';

/**
 * The options of `start()` and `withBurstlog()`. Most are also variables of the environment: `emitLevel` is
 * `BURSTLOG_EMIT_LEVEL`. An option goes before its variable.
 */
export interface StartOptions {
  /** The `service.name` of the resource. Default: `OTEL_SERVICE_NAME`, else the name in package.json. */
  readonly serviceName?: string | undefined;
  /** Quieter records are refused: they are not even made. Default TRACE. */
  readonly level?: SeverityName | undefined;
  /** From here on a record is exported always. Quieter ones are held until a trigger releases them. Default INFO. */
  readonly emitLevel?: SeverityName | undefined;
  /** From here on a record is a trigger: it releases what is held. Default ERROR. */
  readonly burstLevel?: SeverityName | undefined;
  /** Which records share a buffer: those of a trace, of a task, or of the whole process. Default `'trace'`. */
  readonly scope?: 'trace' | 'task' | 'global' | undefined;
  /** How many records a buffer holds. From 1; default 1,000. */
  readonly capacity?: number | undefined;
  /** A span that took longer is a trigger, in milliseconds. Default: none is too slow. */
  readonly slowerThanMillis?: number | undefined;
  /** `'record'`: spans of unsampled traces are recorded, not exported, and can be triggers. Default `'ignore'`. */
  readonly unsampledTraces?: 'ignore' | 'record' | undefined;
  /** Where the records go: one of the names, or an exporter. Default: `OTEL_LOGS_EXPORTER`, else `'otlp'`. */
  readonly exporter?: 'otlp' | 'zmq' | 'stdout' | 'none' | LogRecordExporterLike | undefined;
  /** Address of the exporter. Default: `OTEL_EXPORTER_OTLP_*`; for `'zmq'` `tcp://127.0.0.1:5011`. */
  readonly endpoint?: string | undefined;
  /** Of `'stdout'`: lines of OTLP/JSON, or readable ones. Default `'auto'`: readable on a terminal. */
  readonly stdoutFormat?: 'auto' | 'otlpJson' | 'text' | undefined;
  /**
   * Directory of the black box, which keeps what is held and not delivered over the death of the process. Default:
   * none. The option `burst.blackBox` has more options.
   */
  readonly blackBox?: string | undefined;
  /**
   * Where records are written that cannot be exported any more when the process ends, and are in no black box, as
   * lines of OTLP/JSON: `'stderr'`, or the path of a file. Default: nowhere.
   */
  readonly fallback?: string | undefined;
  /** File with rules that change levels while the application runs; it is watched. See docs/verbosity.md. */
  readonly verbosityFile?: string | undefined;
  /**
   * The signal that releases everything held, unless the application listens for it itself. Default `'SIGUSR2'`,
   * but `'none'` with `withBurstlog()` and under nodemon, which restarts with it. See docs/verbosity.md.
   */
  readonly releaseSignal?: 'SIGUSR2' | 'SIGHUP' | 'SIGQUIT' | 'none' | undefined;
  /**
   * Whether the instrumentations that are installed are enabled, or the ones to enable. Default true, but false where
   * another SDK is running already.
   */
  readonly instrumentations?: boolean | readonly InstrumentationLike[] | undefined;
  /** More attributes of the resource. */
  readonly resourceAttributes?: { readonly [key: string]: unknown } | undefined;
  /** More options of the `BurstLogRecordProcessor`. They go before all others. */
  readonly burst?: (BurstOptions & { readonly delivery?: BurstDeliveryOptions | undefined }) | undefined;
  /** Where the variables come from. Default: `process.env`. */
  readonly environment?: { readonly [name: string]: string | undefined } | undefined;
}

/** An instrumentation of OpenTelemetry. */
export interface InstrumentationLike {
  /** The name of its package. */
  readonly instrumentationName: string;
}

/** What was started. */
export interface Burstlog {
  /** Releases what is held, although nothing went wrong: see `BurstLogRecordProcessor`. */
  burst(
    options?: BurstCallOptions & { readonly reason?: string | undefined },
  ): { id: string; released: number } | undefined;
  /** Discards what is held, since all went well. @returns how many records were discarded */
  discard(options?: BurstCallOptions): number;
  /**
   * Changes levels while the application runs, for a time: see `BurstLogRecordProcessor`.
   * @returns a function that ends these rules before their time
   */
  configure(rules: VerbosityRule | readonly VerbosityRule[]): () => void;
  /** What became of the records; undefined if no log records are exported. */
  stats(): BurstStats | undefined;
  /** Resolves when records and spans have been delivered, or have failed, within a bound. Never rejects. */
  forceFlush(options?: FlushOptionsLike): Promise<void>;
  /** Flushes, and ends what was started. May be called twice. Never rejects. */
  shutdown(): Promise<void>;
}
