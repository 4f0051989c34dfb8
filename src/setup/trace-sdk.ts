import type { SpanProcessorLike } from '../record/index.ts';
import type { OtelEnvironment } from './otel-environment.ts';
import type { Packages } from './packages.ts';
import type { Samplers } from './sampler.ts';

/** A tracer provider of either line. */
export interface TracerProviderLike {
  // biome-ignore lint/suspicious/noExplicitAny: it is passed to the API unchanged.
  getTracer(...parameters: any[]): any;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

interface TraceClasses extends Samplers {
  readonly TracerProvider?: new (options: object) => TracerProviderLike;
  readonly BasicTracerProvider?: new (options: object) => TracerProviderLike;
  readonly BatchSpanProcessor: new (...parameters: unknown[]) => SpanProcessorLike;
  readonly SimpleSpanProcessor: new (...parameters: unknown[]) => SpanProcessorLike;
  readonly ConsoleSpanExporter: new () => object;
}

/** The part of the trace SDK that a setup needs, independent of the package that contains it. */
export interface TraceSdk {
  readonly samplers: Samplers;
  provider(options: object): TracerProviderLike;
  /** Exports in batches, configured by `OTEL_BSP_*`. */
  batched(exporter: object, options?: object): SpanProcessorLike;
  /** Writes spans to the console. */
  console(): SpanProcessorLike;
}

/** Loads `@opentelemetry/sdk-trace`, or `sdk-trace-base` on older lines. */
export function traceSdk(environment: OtelEnvironment, packages: Packages): TraceSdk | undefined {
  const newer = packages.load<TraceClasses>('@opentelemetry/sdk-trace');
  const classes = newer ?? packages.load<TraceClasses>('@opentelemetry/sdk-trace-base');
  const Provider = classes?.TracerProvider ?? classes?.BasicTracerProvider;
  if (classes === undefined || Provider === undefined) return undefined;
  // Older processors take only the exporter, newer ones an object that contains it.
  const parameters = (exporter: object, options: object): unknown[] =>
    newer === undefined ? [exporter, options] : [{ exporter, ...options }];
  return {
    samplers: classes,
    provider: (options) => new Provider(options),
    batched: (exporter, options = batchOptions(environment)) =>
      new classes.BatchSpanProcessor(...parameters(exporter, options)),
    console: () => new classes.SimpleSpanProcessor(...parameters(new classes.ConsoleSpanExporter(), {})),
  };
}

function batchOptions(environment: OtelEnvironment): object {
  return defined({
    maxQueueSize: environment.count(1, 'OTEL_BSP_MAX_QUEUE_SIZE'),
    maxExportBatchSize: environment.count(1, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE'),
    scheduledDelayMillis: environment.count(0, 'OTEL_BSP_SCHEDULE_DELAY'),
    exportTimeoutMillis: environment.count(1, 'OTEL_BSP_EXPORT_TIMEOUT'),
  });
}

/** Returns the span limits that the environment sets. */
export function spanLimits(environment: OtelEnvironment): object {
  const limit = (...names: string[]) => environment.count(0, ...names);
  return defined({
    attributeCountLimit: limit('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'),
    attributeValueLengthLimit: limit(
      'OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT',
      'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT',
    ),
    eventCountLimit: limit('OTEL_SPAN_EVENT_COUNT_LIMIT'),
    linkCountLimit: limit('OTEL_SPAN_LINK_COUNT_LIMIT'),
    attributePerEventCountLimit: limit('OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT'),
    attributePerLinkCountLimit: limit('OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT'),
  });
}

/** Returns the log record limits that the environment sets. */
export function logRecordLimits(environment: OtelEnvironment): object {
  const limit = (...names: string[]) => environment.count(0, ...names);
  return defined({
    attributeCountLimit: limit('OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'),
    attributeValueLengthLimit: limit(
      'OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT',
      'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT',
    ),
  });
}

function defined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
