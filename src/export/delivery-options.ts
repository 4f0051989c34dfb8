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
   * Most records that wait for export. When exceeded, the oldest of the quietest is dropped. From 1; default
   * 65,536.
   */
  readonly maxQueueSize?: number | undefined;
  /** Most estimated bytes that wait or are being exported. From 1; default 32 MiB. */
  readonly maxQueueBytes?: number | undefined;
  /** Most records of one export. From 1 to `maxQueueSize`; default 512. */
  readonly maxExportBatchSize?: number | undefined;
  /**
   * Most estimated bytes of one export, and of one record: a bigger one is truncated. gRPC servers refuse a
   * request over 4 MiB, and with it the whole batch. From 1; default 2 MiB.
   */
  readonly maxExportBatchBytes?: number | undefined;
  /** How long a record waits at most for its batch to fill, in milliseconds. From 0; default 1,000. */
  readonly scheduledDelayMillis?: number | undefined;
  /**
   * When an export that has not called back counts as failed, in milliseconds. It must be above what the
   * exporter itself may take for its retries (`worstCaseMillis`, if it has that). Default: 30,000, or 5,000
   * above that worst case.
   */
  readonly exportTimeoutMillis?: number | undefined;
  /**
   * How long `forceFlush()` waits at most, in milliseconds, unless its caller says `timeoutMillis`. What is
   * not delivered by then stays pending. From 0; default 10,000.
   */
  readonly flushTimeoutMillis?: number | undefined;
  /** The bound of a whole `shutdown()`, in milliseconds: flush, exporter and all. From 0; default 30,000. */
  readonly shutdownTimeoutMillis?: number | undefined;
  /**
   * Exports in flight at once. From 1; default: what the exporter asks for with its own
   * `maxConcurrentExports`, else 1, as the specification wants it.
   */
  readonly maxConcurrentExports?: number | undefined;
  /** Where the `otel.sdk.processor.log.*` metrics go. Default: nowhere. */
  readonly meterProvider?: MeterProviderLike | undefined;
  /** `otel.component.name` of the metrics. Default: `priority_batch_log_processor/` and a number. */
  readonly componentName?: string | undefined;
  /** Time, for tests. Default: the machine's. */
  readonly clock?: Clock | undefined;
}

const MIB = 1024 * 1024;
const EXPORT_TIMEOUT_MILLIS = 30_000;
const ABOVE_WORST_CASE_MILLIS = 5_000;
const BATCH_SIZE = 512;

/** The bounds and defaults of {@link DeliveryOptions}. */
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
  meterProvider: methods<MeterProviderLike>()(['getMeter'], { absent: 'nowhere' }),
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

/** Every option with its value. */
export type ResolvedDeliveryOptions = ValueOf<typeof deliveryOptions>;

/**
 * @param environment what the options do not say; unlike an option it is never wrong, but brought into its
 *   bounds
 * @throws RangeError or TypeError that says option, expected and value
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

/** A queue of the environment is made large enough for a batch of the options. */
function batchOf(given: DeliveryOptions, environment: BatchEnvironment): number {
  return environment.maxQueueSize === undefined ? 1 : (given.maxExportBatchSize ?? 1);
}

/** How long an exporter may take for its own retries; 0: it does not say. */
function worstCaseMillis(exporter: LogRecordExporterLike): number {
  const millis = (exporter as { readonly worstCaseMillis?: unknown }).worstCaseMillis;
  return typeof millis === 'number' ? millis : 0;
}
