/**
 * The parts of the OpenTelemetry logs SDK that this package meets, as small structural interfaces.
 *
 * They are written here, and not imported, because two generations of the SDK are in use (sdk-logs 0.223
 * with api-logs, and sdk-logs 3 with the logs API inside `@opentelemetry/api`) and neither one's types
 * accept all objects of the other. These compile against both, in both directions.
 */
import type { Attributes, Context, HrTime, SpanContext } from '@opentelemetry/api';

/** Where a record comes from: the process, its host, its service. */
export interface ResourceLike {
  /** What identifies it, such as `service.name`. */
  readonly attributes: { readonly [key: string]: unknown };
  /** True while some attributes are still being looked up. */
  readonly asyncAttributesPending?: boolean;
  /** Resolves when they are there. Exporters must not be called before. */
  waitForAsyncAttributes?(): Promise<void>;
}

/** The logger that made a record. */
export interface InstrumentationScopeLike {
  /** The name of the logger. */
  readonly name: string;
  /** The version of what logs. */
  readonly version?: string;
  /** Which semantic conventions its attributes follow. */
  readonly schemaUrl?: string;
}

/** A log record as exporters read it. */
export interface ReadableLogRecordLike {
  /** When it happened: seconds and nanoseconds since 1970. */
  readonly hrTime: HrTime;
  /** When the SDK received it. */
  readonly hrTimeObserved: HrTime;
  /** Trace, span and flags; undefined outside of a trace. */
  readonly spanContext?: SpanContext | undefined;
  /** The level as the logging library names it. */
  readonly severityText?: string | undefined;
  /** From 1 (TRACE) to 24; undefined or 0 if it has none. */
  readonly severityNumber?: number | undefined;
  /** The message, or data in its place. */
  // biome-ignore lint/suspicious/noExplicitAny: 2.x types it AnyValue, 3.x unknown; only any meets both.
  readonly body?: any;
  /** What kind of event it is, if it is one. */
  readonly eventName?: string | undefined;
  /** Where it comes from, a {@link ResourceLike}. */
  // biome-ignore lint/suspicious/noExplicitAny: the resource type of each line asks for its own members.
  readonly resource: any;
  /** The logger that made it. */
  readonly instrumentationScope: InstrumentationScopeLike;
  /** Its data: values by name. */
  // biome-ignore lint/suspicious/noExplicitAny: 2.x types the values AnyValue, 3.x unknown.
  readonly attributes: any;
  /** How many attributes the limits of the SDK dropped. */
  readonly droppedAttributesCount: number;
}

/** What the Logger asks before it makes a record. */
export interface EnabledOptionsLike {
  /** The context of the record. */
  readonly context: Context;
  /** The logger that asks. */
  readonly instrumentationScope: InstrumentationScopeLike;
  /** The severity of the record; undefined: not known yet. */
  readonly severityNumber?: number | undefined;
  /** The event name of the record. */
  readonly eventName?: string | undefined;
}

/** A LogRecordProcessor of either line. */
export interface LogRecordProcessorLike {
  /** Takes a record. Must not block and not throw. A later processor sees what this one changes. */
  // biome-ignore lint/suspicious/noExplicitAny: processors ask for the read-write record of their own line.
  onEmit(record: any, context?: Context): void;
  /** Whether it wants such a record. A logger is off only when all its processors say no. */
  // biome-ignore lint/suspicious/noExplicitAny: the options carry the scope and severity types of the line.
  enabled?(options: any): boolean;
  /** Resolves when the records that it took before have been exported, or have failed. */
  forceFlush(options?: FlushOptionsLike): Promise<void>;
  /** Flushes, and takes no more records. May be called twice. */
  shutdown(): Promise<void>;
}

/** What `forceFlush()` takes since sdk-logs 0.221. */
export interface FlushOptionsLike {
  /** How long the flush may take, in milliseconds. */
  readonly timeoutMillis?: number | undefined;
}

/** What our processors say to an exporter when they flush it or shut it down. */
export interface ExporterFlushOptionsLike extends FlushOptionsLike {
  /** False: whether the process stays alive meanwhile is the caller's business. */
  readonly keepsAlive?: boolean | undefined;
}

/** The outcome of one export: `code` 0 is success, 1 failure. */
export interface ExportResultLike {
  /** 0 is success, 1 failure. */
  readonly code: number;
  /** Why it failed. */
  readonly error?: Error;
}

/** A LogRecordExporter of either line. */
export interface LogRecordExporterLike {
  /** Exports a batch, and calls back once, with the outcome. */
  // biome-ignore lint/suspicious/noExplicitAny: exporters ask for the readable record of their own line.
  export(records: any[], resultCallback: (result: ExportResultLike) => void): void;
  /** Resolves when the exports that were started before have ended. */
  forceFlush?(options?: ExporterFlushOptionsLike): Promise<void>;
  /** Ends the exporter. Exports after that fail. */
  shutdown(options?: ExporterFlushOptionsLike): Promise<void>;
  /** How many exports it bears at once. Only an exporter that says so gets more than one. */
  readonly maxConcurrentExports?: number;
}

/** The part of a finished or running span that the span processor reads. */
export interface SpanLike {
  /** The name of the span. */
  readonly name: string;
  /** `SpanKind` of `@opentelemetry/api`. */
  readonly kind: number;
  /** Its data: values by name. */
  // biome-ignore lint/suspicious/noExplicitAny: the lines type the values differently.
  readonly attributes: { readonly [key: string]: any };
  /** Trace, span and flags. */
  spanContext(): SpanContext;
  /** `SpanStatusCode` (0 unset, 1 ok, 2 error) and its text. */
  readonly status: { readonly code: number; readonly message?: string | undefined };
  /** Seconds and nanoseconds; only of a span that has ended. */
  readonly duration: HrTime;
}

/** A SpanProcessor of either line. */
export interface SpanProcessorLike {
  /** Called when a span starts. */
  // biome-ignore lint/suspicious/noExplicitAny: the span classes differ in their private members.
  onStart(span: any, parentContext: Context): void;
  /** Called when a span has ended. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  onEnd(span: any): void;
  /** Resolves when the spans that ended before have been processed. */
  forceFlush(): Promise<void>;
  /** Ends the processor. May be called twice. */
  shutdown(): Promise<void>;
}

/** `ExportResultCode.SUCCESS` of `@opentelemetry/core`. */
export const EXPORT_SUCCESS = 0;
/** `ExportResultCode.FAILED` of `@opentelemetry/core`. */
export const EXPORT_FAILED = 1;

/** Takes the values of an observable instrument. */
export interface ObservableResultLike {
  /** Reports a value, and the attributes that identify it. */
  observe(value: number, attributes?: Attributes): void;
}
/** An observable instrument of either line. */
export interface ObservableLike {
  /** The callback is called at every collection. */
  addCallback(callback: (result: ObservableResultLike) => void): void;
  /** It is not called any more. */
  removeCallback(callback: (result: ObservableResultLike) => void): void;
}
/** The options of an instrument. */
export interface MetricOptionsLike {
  /** What it measures. */
  description?: string;
  /** Its unit, in UCUM: `By`, `{log_record}`. */
  unit?: string;
}

/** The part of a Meter that this package uses. */
export interface MeterLike {
  /** An instrument whose value only grows. */
  createObservableCounter(name: string, options?: MetricOptionsLike): ObservableLike;
  /** An instrument whose value grows and shrinks. */
  createObservableUpDownCounter(name: string, options?: MetricOptionsLike): ObservableLike;
}

/** A MeterProvider of either line. */
export interface MeterProviderLike {
  /** The meter of this name; the same for the same name and version. */
  getMeter(name: string, version?: string): MeterLike;
}
