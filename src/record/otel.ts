/**
 * The parts of the OpenTelemetry logs SDK that this package uses, as small structural interfaces.
 *
 * They are defined here instead of imported, because two generations of the SDK are in use (sdk-logs 0.223
 * with api-logs, and sdk-logs 3 with the logs API inside `@opentelemetry/api`), and neither one's types
 * accept all objects of the other. These interfaces compile against both, in both directions.
 */
import type { Attributes, Context, HrTime, SpanContext } from '@opentelemetry/api';

/** The resource that emits records: the process, its host, its service. */
export interface ResourceLike {
  /** The identifying attributes, such as `service.name`. */
  readonly attributes: { readonly [key: string]: unknown };
  /** True while some attributes are being detected asynchronously. */
  readonly asyncAttributesPending?: boolean;
  /** Resolves when all attributes are available. Exporters must not be called before. */
  waitForAsyncAttributes?(): Promise<void>;
}

/** The logger that emitted a record. */
export interface InstrumentationScopeLike {
  /** The name of the logger. */
  readonly name: string;
  /** The version of the logger's library or module. */
  readonly version?: string;
  /** The schema of the semantic conventions that its attributes follow. */
  readonly schemaUrl?: string;
}

/** A log record as exporters read it. */
export interface ReadableLogRecordLike {
  /** The time of the event: seconds and nanoseconds since 1970. */
  readonly hrTime: HrTime;
  /** The time at which the SDK received the record. */
  readonly hrTimeObserved: HrTime;
  /** Trace, span and flags; undefined outside of a trace. */
  readonly spanContext?: SpanContext | undefined;
  /** The level name of the logging library. */
  readonly severityText?: string | undefined;
  /** From 1 (TRACE) to 24; undefined or 0 if it is not specified. */
  readonly severityNumber?: number | undefined;
  /** The message, or structured data. */
  // biome-ignore lint/suspicious/noExplicitAny: 2.x types it AnyValue, 3.x unknown; only any matches both.
  readonly body?: any;
  /** The name of the event, if the record is an event. */
  readonly eventName?: string | undefined;
  /** The resource, a {@link ResourceLike}. */
  // biome-ignore lint/suspicious/noExplicitAny: the resource types of the lines have different members.
  readonly resource: any;
  /** The logger that emitted it. */
  readonly instrumentationScope: InstrumentationScopeLike;
  /** The attributes: values by name. */
  // biome-ignore lint/suspicious/noExplicitAny: 2.x types the values AnyValue, 3.x unknown.
  readonly attributes: any;
  /** The number of attributes dropped by the limits of the SDK. */
  readonly droppedAttributesCount: number;
}

/** The options that a Logger passes to `enabled()`. */
export interface EnabledOptionsLike {
  /** The context of the record. */
  readonly context: Context;
  /** The logger that calls `enabled()`. */
  readonly instrumentationScope: InstrumentationScopeLike;
  /** The severity of the record; undefined if it is not known yet. */
  readonly severityNumber?: number | undefined;
  /** The event name of the record. */
  readonly eventName?: string | undefined;
}

/** A LogRecordProcessor of OTel JS 2.x or 3.x. */
export interface LogRecordProcessorLike {
  /** Called for each record. Must not block or throw. Later processors see the changes made here. */
  // biome-ignore lint/suspicious/noExplicitAny: each line has its own type of read-write records.
  onEmit(record: any, context?: Context): void;
  /** Whether a record would be processed. A logger is disabled only if all processors return false. */
  // biome-ignore lint/suspicious/noExplicitAny: each line has its own scope and severity types.
  enabled?(options: any): boolean;
  /** Resolves when all records received before the call are exported or have failed. */
  forceFlush(options?: FlushOptionsLike): Promise<void>;
  /** Flushes, and ignores later records. May be called twice. */
  shutdown(): Promise<void>;
}

/** The options of `forceFlush()`, available since sdk-logs 0.221. */
export interface FlushOptionsLike {
  /** The timeout of the flush, in milliseconds. */
  readonly timeoutMillis?: number | undefined;
}

/** The options that the processors of this package pass to an exporter on flush and shutdown. */
export interface ExporterFlushOptionsLike extends FlushOptionsLike {
  /** If false, the exporter must not keep the process alive; the caller does it if necessary. */
  readonly keepsAlive?: boolean | undefined;
}

/** The result of one export. */
export interface ExportResultLike {
  /** 0 is success, 1 failure. */
  readonly code: number;
  /** The reason of a failure. */
  readonly error?: Error;
}

/** A LogRecordExporter of OTel JS 2.x or 3.x. */
export interface LogRecordExporterLike {
  /** Exports a batch, and calls `resultCallback` once with the result. */
  // biome-ignore lint/suspicious/noExplicitAny: each line has its own type of readable records.
  export(records: any[], resultCallback: (result: ExportResultLike) => void): void;
  /** Resolves when all exports started before the call have ended. */
  forceFlush?(options?: ExporterFlushOptionsLike): Promise<void>;
  /** Shuts down the exporter. Later exports fail. */
  shutdown(options?: ExporterFlushOptionsLike): Promise<void>;
  /** How many concurrent exports the exporter supports. Default 1. */
  readonly maxConcurrentExports?: number;
}

/** The part of a running or ended span that the span processor reads. */
export interface SpanLike {
  /** The name of the span. */
  readonly name: string;
  /** `SpanKind` of `@opentelemetry/api`. */
  readonly kind: number;
  /** The attributes: values by name. */
  // biome-ignore lint/suspicious/noExplicitAny: the lines type the values differently.
  readonly attributes: { readonly [key: string]: any };
  /** Trace, span and flags. */
  spanContext(): SpanContext;
  /** `SpanStatusCode` (0 unset, 1 ok, 2 error) and its text. */
  readonly status: { readonly code: number; readonly message?: string | undefined };
  /** Seconds and nanoseconds; valid for an ended span only. */
  readonly duration: HrTime;
}

/** A SpanProcessor of OTel JS 2.x or 3.x. */
export interface SpanProcessorLike {
  /** Called when a span starts. */
  // biome-ignore lint/suspicious/noExplicitAny: the span classes differ in their private members.
  onStart(span: any, parentContext: Context): void;
  /** Called when a span has ended. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  onEnd(span: any): void;
  /** Resolves when all spans that ended before the call are processed. */
  forceFlush(): Promise<void>;
  /** Shuts down the processor. May be called twice. */
  shutdown(): Promise<void>;
}

/** `ExportResultCode.SUCCESS` of `@opentelemetry/core`. */
export const EXPORT_SUCCESS = 0;
/** `ExportResultCode.FAILED` of `@opentelemetry/core`. */
export const EXPORT_FAILED = 1;

/** Receives the values of an observable instrument. */
export interface ObservableResultLike {
  /** Reports a value with its attributes. */
  observe(value: number, attributes?: Attributes): void;
}
/** An observable instrument of OTel JS 2.x or 3.x. */
export interface ObservableLike {
  /** Adds a callback that is called on every collection. */
  addCallback(callback: (result: ObservableResultLike) => void): void;
  /** Removes a callback. */
  removeCallback(callback: (result: ObservableResultLike) => void): void;
}
/** The options of an instrument. */
export interface MetricOptionsLike {
  /** The description of the instrument. */
  description?: string;
  /** The unit in UCUM: `By`, `{log_record}`. */
  unit?: string;
}

/** The part of a Meter that this package uses. */
export interface MeterLike {
  /** Creates an instrument whose value only increases. */
  createObservableCounter(name: string, options?: MetricOptionsLike): ObservableLike;
  /** Creates an instrument whose value increases and decreases. */
  createObservableUpDownCounter(name: string, options?: MetricOptionsLike): ObservableLike;
}

/** A MeterProvider of OTel JS 2.x or 3.x. */
export interface MeterProviderLike {
  /** Returns the meter of this name and version. */
  getMeter(name: string, version?: string): MeterLike;
}
