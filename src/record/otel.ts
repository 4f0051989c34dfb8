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
  readonly attributes: { readonly [key: string]: unknown };
  /** True while some attributes are still being looked up. */
  readonly asyncAttributesPending?: boolean;
  /** Resolves when they are there. Exporters must not be called before. */
  waitForAsyncAttributes?(): Promise<void>;
}

/** The logger that made a record. */
export interface InstrumentationScopeLike {
  readonly name: string;
  readonly version?: string;
  readonly schemaUrl?: string;
}

/** A log record as exporters read it. */
export interface ReadableLogRecordLike {
  readonly hrTime: HrTime;
  readonly hrTimeObserved: HrTime;
  readonly spanContext?: SpanContext | undefined;
  readonly severityText?: string | undefined;
  readonly severityNumber?: number | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: 2.x types it AnyValue, 3.x unknown; only any meets both.
  readonly body?: any;
  readonly eventName?: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: the resource type of each line asks for its own members.
  readonly resource: any;
  readonly instrumentationScope: InstrumentationScopeLike;
  // biome-ignore lint/suspicious/noExplicitAny: 2.x types the values AnyValue, 3.x unknown.
  readonly attributes: any;
  readonly droppedAttributesCount: number;
}

/** What the Logger asks before it makes a record. */
export interface EnabledOptionsLike {
  readonly context: Context;
  readonly instrumentationScope: InstrumentationScopeLike;
  readonly severityNumber?: number | undefined;
  readonly eventName?: string | undefined;
}

/** A LogRecordProcessor of either line. */
export interface LogRecordProcessorLike {
  // biome-ignore lint/suspicious/noExplicitAny: processors ask for the read-write record of their own line.
  onEmit(record: any, context?: Context): void;
  // biome-ignore lint/suspicious/noExplicitAny: the options carry the scope and severity types of the line.
  enabled?(options: any): boolean;
  forceFlush(options?: FlushOptionsLike): Promise<void>;
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
  readonly code: number;
  readonly error?: Error;
}

/** A LogRecordExporter of either line. */
export interface LogRecordExporterLike {
  // biome-ignore lint/suspicious/noExplicitAny: exporters ask for the readable record of their own line.
  export(records: any[], resultCallback: (result: ExportResultLike) => void): void;
  forceFlush?(options?: ExporterFlushOptionsLike): Promise<void>;
  shutdown(options?: ExporterFlushOptionsLike): Promise<void>;
  /** How many exports it bears at once. Only an exporter that says so gets more than one. */
  readonly maxConcurrentExports?: number;
}

/** The part of a finished or running span that the span processor reads. */
export interface SpanLike {
  readonly name: string;
  /** `SpanKind` of `@opentelemetry/api`. */
  readonly kind: number;
  // biome-ignore lint/suspicious/noExplicitAny: the lines type the values differently.
  readonly attributes: { readonly [key: string]: any };
  spanContext(): SpanContext;
  readonly status: { readonly code: number; readonly message?: string | undefined };
  readonly duration: HrTime;
}

/** A SpanProcessor of either line. */
export interface SpanProcessorLike {
  // biome-ignore lint/suspicious/noExplicitAny: the span classes differ in their private members.
  onStart(span: any, parentContext: Context): void;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  onEnd(span: any): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** `ExportResultCode.SUCCESS` of `@opentelemetry/core`. */
export const EXPORT_SUCCESS = 0;
/** `ExportResultCode.FAILED` of `@opentelemetry/core`. */
export const EXPORT_FAILED = 1;

export interface ObservableResultLike {
  observe(value: number, attributes?: Attributes): void;
}
export interface ObservableLike {
  addCallback(callback: (result: ObservableResultLike) => void): void;
  removeCallback(callback: (result: ObservableResultLike) => void): void;
}
export interface MetricOptionsLike {
  description?: string;
  unit?: string;
}

/** The part of a Meter that this package uses. */
export interface MeterLike {
  createObservableCounter(name: string, options?: MetricOptionsLike): ObservableLike;
  createObservableUpDownCounter(name: string, options?: MetricOptionsLike): ObservableLike;
}

/** A MeterProvider of either line. */
export interface MeterProviderLike {
  getMeter(name: string, version?: string): MeterLike;
}
