import { createRequire } from 'node:module';
import * as api from '@opentelemetry/api';
import { context, propagation, type TextMapPropagator, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  InMemoryLogRecordExporter,
  type LoggerProvider,
  LoggerProvider as SdkLoggerProvider,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import {
  InMemorySpanExporter,
  type Sampler,
  SimpleSpanProcessor,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { ReadableLogRecordLike } from '../../src/record/otel.ts';
import { TaskLogRecordProcessor } from '../../src/task/task-log-record-processor.ts';

/** The global of the logs API of either line. */
interface LogsGlobal {
  setGlobalLoggerProvider(provider: unknown): unknown;
  disable(): void;
}

/** Inside `@opentelemetry/api` from 1.10 on, else api-logs, which is absent on the 3.x line. */
export function logsGlobal(): LogsGlobal {
  const inside = (api as unknown as { logs?: LogsGlobal }).logs;
  if (inside !== undefined) return inside;
  const name = '@opentelemetry/api-logs';
  return (createRequire(__filename)(name) as { logs: LogsGlobal }).logs;
}

/** What is registered; all but the propagator by default. */
export interface Registration {
  readonly tracer?: boolean;
  readonly contextManager?: boolean;
  readonly logger?: boolean;
  readonly propagator?: TextMapPropagator;
  readonly sampler?: Sampler;
  readonly spanProcessors?: readonly SpanProcessor[];
  /** What stands in the LoggerProvider in place of the task processor and an exporter in memory. */
  // biome-ignore lint/suspicious/noExplicitAny: processors of either line.
  readonly processors?: readonly any[];
  /** Of the records' attributes. */
  readonly limits?: { readonly attributeCountLimit?: number; readonly attributeValueLengthLimit?: number };
}

/** What has been registered, and what came out. */
export interface Registered {
  readonly provider: LoggerProvider;
  /** All finished records, in the order they were exported. */
  records(): readonly ReadableLogRecordLike[];
  /** The one with this body, or with this event name. */
  find(bodyOrEvent: string): ReadableLogRecordLike;
  /** What has been exported from tasks alone. */
  events(): readonly string[];
  spans(): ReturnType<InMemorySpanExporter['getFinishedSpans']>;
  /** Emits a record by a logger that knows nothing of tasks. */
  log(body: string, attributes?: Record<string, unknown>, loggerName?: string, more?: object): void;
}

/** Registers the real SDK, globally, as an application does. */
export function register(options: Registration = {}): Registered {
  const exporter = new InMemoryLogRecordExporter();
  const simple = new SimpleLogRecordProcessor({ exporter });
  const provider = new SdkLoggerProvider({
    processors: [...(options.processors ?? [new TaskLogRecordProcessor()]), simple],
    ...(options.limits && { logRecordLimits: options.limits }),
  } as ConstructorParameters<typeof SdkLoggerProvider>[0]);
  if (options.logger !== false) logsGlobal().setGlobalLoggerProvider(provider);
  const spanExporter = new InMemorySpanExporter();
  if (options.tracer !== false) {
    const spanProcessors = [
      new SimpleSpanProcessor({ exporter: spanExporter }),
      ...(options.spanProcessors ?? []),
    ];
    trace.setGlobalTracerProvider(
      new TracerProvider({
        spanProcessors,
        ...(options.sampler === undefined ? {} : { sampler: options.sampler }),
      }),
    );
  }
  if (options.contextManager !== false) {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  }
  if (options.propagator !== undefined) propagation.setGlobalPropagator(options.propagator);
  const records = () => exporter.getFinishedLogRecords() as unknown as readonly ReadableLogRecordLike[];
  return {
    provider,
    records,
    find(wanted) {
      const found = records().find(({ body, eventName }) => body === wanted || eventName === wanted);
      if (found === undefined) {
        throw new Error(`no record ${wanted} among ${JSON.stringify(records().map(({ body }) => body))}`);
      }
      return found;
    },
    events: () => records().flatMap(({ eventName }) => (eventName === undefined ? [] : [eventName])),
    spans: () => spanExporter.getFinishedSpans(),
    log(body, attributes = {}, loggerName = 'other', more = {}) {
      const logger = provider.getLogger(loggerName);
      logger.emit({ severityNumber: 9, body, attributes, ...more } as Parameters<typeof logger.emit>[0]);
    },
  };
}

/** Unregisters everything, and forgets which warnings were logged. */
export function unregister(): void {
  logsGlobal().disable();
  trace.disable();
  context.disable();
  propagation.disable();
  forgetWarnings();
}

/** A warning that is logged once in the life of a process is logged in each test. */
export function forgetWarnings(): void {
  const shared = (globalThis as { [key: symbol]: { warned: Set<string> } | undefined })[
    Symbol.for('burstlog.context')
  ];
  shared?.warned.clear();
}
