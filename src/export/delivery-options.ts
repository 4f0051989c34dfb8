import {
  CLOCK_METHODS,
  type Clock,
  type LogRecordExporterLike,
  type MeterProviderLike,
  systemClock,
} from '../record/index.ts';
import {
  bytes,
  count,
  duration,
  group,
  methods,
  millis,
  resolve,
  text,
  type ValueOf,
  wholeNumber,
} from '../settings/index.ts';
import type { BatchEnvironment } from './batch-environment.ts';

/** How records are batched and delivered. The names are those of the SDK's BatchLogRecordProcessor. */
export interface DeliveryOptions {
  /**
   * The maximum number of queued records. When exceeded, the oldest of the quietest records is dropped. From
   * 1; default 65,536.
   */
  readonly maxQueueSize?: number | undefined;
  /** The maximum estimated bytes of queued records and those being exported. From 1; default 32 MiB. */
  readonly maxQueueBytes?: number | undefined;
  /** The maximum number of records per export. From 1 to `maxQueueSize`; default 512. */
  readonly maxExportBatchSize?: number | undefined;
  /**
   * The maximum estimated bytes per export, and per record: a larger record is truncated. gRPC servers reject
   * a request over 4 MiB with the whole batch. From 1; default 2 MiB.
   */
  readonly maxExportBatchBytes?: number | undefined;
  /** How long a record waits at most for its batch to fill, in milliseconds. From 0; default 1,000. */
  readonly scheduledDelayMillis?: number | undefined;
  /**
   * The timeout of an export, in milliseconds. It must exceed the time that the exporter may take for its own
   * retries (`worstCaseMillis`, if it has that property). Default: 30,000, or 5,000 above that time.
   */
  readonly exportTimeoutMillis?: number | undefined;
  /**
   * How long `forceFlush()` waits at most, in milliseconds, unless its caller passes `timeoutMillis`. Records
   * not delivered by then stay pending. From 0; default 10,000.
   */
  readonly flushTimeoutMillis?: number | undefined;
  /** The timeout of `shutdown()`, in milliseconds, including flush and exporter. From 0; default 30,000. */
  readonly shutdownTimeoutMillis?: number | undefined;
  /**
   * The maximum number of concurrent exports. From 1; default: the exporter's own `maxConcurrentExports`,
   * else 1, as the specification requires.
   */
  readonly maxConcurrentExports?: number | undefined;
  /** The MeterProvider for the `otel.sdk.processor.log.*` metrics. Default: no metrics. */
  readonly meterProvider?: MeterProviderLike | undefined;
  /** `otel.component.name` of the metrics. Default: `priority_batch_log_processor/` and a number. */
  readonly componentName?: string | undefined;
  /** The source of time, for tests. Default: the system clock. */
  readonly clock?: Clock | undefined;
}

const MIB = 1024 * 1024;
const EXPORT_TIMEOUT_MILLIS = 30_000;
const ABOVE_WORST_CASE_MILLIS = 5_000;
const BATCH_SIZE = 512;

/** The definitions of {@link DeliveryOptions}: bounds and defaults. */
export const deliveryFields = {
  maxQueueSize: count({ min: 1, default: 65_536 }),
  maxQueueBytes: bytes({ min: 1, default: 32 * MIB }),
  maxExportBatchSize: count({ min: 1, default: BATCH_SIZE }),
  maxExportBatchBytes: bytes({ min: 1, default: 2 * MIB }),
  scheduledDelayMillis: millis({ min: 0, default: 1_000 }),
  exportTimeoutMillis: millis({ min: 1, default: EXPORT_TIMEOUT_MILLIS }),
  flushTimeoutMillis: millis({ min: 0, default: 10_000 }),
  shutdownTimeoutMillis: millis({ min: 0, default: 30_000 }),
  maxConcurrentExports: count({ min: 1, default: 1 }),
  meterProvider: methods<MeterProviderLike>()(['getMeter'], { absent: 'no metrics' }),
  componentName: text({
    expected: 'a string',
    pattern: /^/,
    absent: '`priority_batch_log_processor/` and a number',
  }),
  clock: methods<Clock>()(CLOCK_METHODS, { default: systemClock }),
};

const deliveryOptions = group({
  exporter: methods<LogRecordExporterLike>()(['export', 'shutdown'], {}),
  ...deliveryFields,
});

/** The options with all defaults applied. */
export type ResolvedDeliveryOptions = ValueOf<typeof deliveryOptions>;

/**
 * @param environment the defaults from environment variables; out-of-range values are clamped
 * @throws RangeError or TypeError with option, expected and actual value
 */
export function resolveDeliveryOptions(
  where: string,
  given: DeliveryOptions & { readonly exporter: LogRecordExporterLike },
  environment: BatchEnvironment = {},
): ResolvedDeliveryOptions {
  const options = resolve(deliveryOptions, where, given);
  const { exporter } = options;
  const maxQueueSize =
    given.maxQueueSize ??
    Math.max(environment.maxQueueSize ?? options.maxQueueSize, batchOf(given, environment));
  const ownBound = worstCaseMillis(exporter);
  const fromRetries = ownBound > 0 ? ownBound + ABOVE_WORST_CASE_MILLIS : 0;
  const fromEnvironment = environment.exportTimeoutMillis ?? EXPORT_TIMEOUT_MILLIS;
  return {
    ...options,
    maxQueueSize,
    maxExportBatchSize: wholeNumber(
      'maxExportBatchSize',
      given.maxExportBatchSize ?? Math.min(environment.maxExportBatchSize ?? BATCH_SIZE, maxQueueSize),
      1,
      maxQueueSize,
    ),
    scheduledDelayMillis:
      given.scheduledDelayMillis ?? environment.scheduledDelayMillis ?? options.scheduledDelayMillis,
    exportTimeoutMillis: duration(
      'exportTimeoutMillis',
      given.exportTimeoutMillis ?? Math.max(fromEnvironment, fromRetries),
      ownBound > 0 ? ownBound + 1 : 1,
    ),
    maxConcurrentExports: wholeNumber(
      'maxConcurrentExports',
      given.maxConcurrentExports ?? exporter.maxConcurrentExports ?? options.maxConcurrentExports,
      1,
    ),
  };
}

/** A queue size from the environment is raised to the batch size of the options. */
function batchOf(given: DeliveryOptions, environment: BatchEnvironment): number {
  return environment.maxQueueSize === undefined ? 1 : (given.maxExportBatchSize ?? 1);
}

/** Returns how long an exporter may take for its own retries; 0 if it does not declare it. */
function worstCaseMillis(exporter: LogRecordExporterLike): number {
  const millis = (exporter as { readonly worstCaseMillis?: unknown }).worstCaseMillis;
  return typeof millis === 'number' ? millis : 0;
}
