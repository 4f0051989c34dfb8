import {
  CLOCK_METHODS,
  type Clock,
  type LogRecordExporterLike,
  type MeterProviderLike,
  systemClock,
} from '../record/index.ts';
import { checkKnown, duration, shown, wholeNumber, withDefaults, withMethods } from '../settings/index.ts';
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

/** Every option with its value. */
export interface ResolvedDeliveryOptions {
  readonly exporter: LogRecordExporterLike;
  readonly maxQueueSize: number;
  readonly maxQueueBytes: number;
  readonly maxExportBatchSize: number;
  readonly maxExportBatchBytes: number;
  readonly scheduledDelayMillis: number;
  readonly exportTimeoutMillis: number;
  readonly flushTimeoutMillis: number;
  readonly shutdownTimeoutMillis: number;
  readonly maxConcurrentExports: number;
  readonly meterProvider: MeterProviderLike | undefined;
  readonly componentName: string | undefined;
  readonly clock: Clock;
}

const MEBIBYTE = 1024 * 1024;
const ABOVE_WORST_CASE_MILLIS = 5_000;

const defaults = {
  maxQueueSize: 65_536,
  maxQueueBytes: 32 * MEBIBYTE,
  maxExportBatchSize: 512,
  maxExportBatchBytes: 2 * MEBIBYTE,
  scheduledDelayMillis: 1_000,
  exportTimeoutMillis: 30_000,
  flushTimeoutMillis: 10_000,
  shutdownTimeoutMillis: 30_000,
  maxConcurrentExports: 1,
  meterProvider: undefined as MeterProviderLike | undefined,
  componentName: undefined as string | undefined,
  clock: systemClock as Clock,
};

/** The names of all delivery options. */
const DELIVERY_OPTION_NAMES: readonly string[] = Object.keys(defaults);

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
  checkKnown(where, given, ['exporter', ...DELIVERY_OPTION_NAMES]);
  const exporter = withMethods<LogRecordExporterLike>('exporter', given.exporter, ['export', 'shutdown']);
  const worstCaseMillis = (exporter as { readonly worstCaseMillis?: unknown }).worstCaseMillis;
  const ownBound = typeof worstCaseMillis === 'number' ? worstCaseMillis : 0;
  const own = {
    ...withDefaults<typeof defaults>(defaults, environment),
    exportTimeoutMillis: Math.max(
      environment.exportTimeoutMillis ?? defaults.exportTimeoutMillis,
      ownBound > 0 ? ownBound + ABOVE_WORST_CASE_MILLIS : 0,
    ),
    maxConcurrentExports: exporter.maxConcurrentExports ?? defaults.maxConcurrentExports,
  };
  const { exporter: _exporter, ...rest } = given;
  const options = withDefaults<typeof own>(own, rest);
  if (given.maxQueueSize === undefined && environment.maxQueueSize !== undefined) {
    options.maxQueueSize = Math.max(options.maxQueueSize, given.maxExportBatchSize ?? 1);
  }
  wholeNumber('maxQueueSize', options.maxQueueSize, 1);
  wholeNumber('maxQueueBytes', options.maxQueueBytes, 1);
  if (options.maxExportBatchSize > options.maxQueueSize && given.maxExportBatchSize === undefined) {
    options.maxExportBatchSize = options.maxQueueSize;
  }
  wholeNumber('maxExportBatchSize', options.maxExportBatchSize, 1, options.maxQueueSize);
  wholeNumber('maxExportBatchBytes', options.maxExportBatchBytes, 1);
  duration('scheduledDelayMillis', options.scheduledDelayMillis);
  duration('exportTimeoutMillis', options.exportTimeoutMillis, ownBound > 0 ? ownBound + 1 : 1);
  duration('flushTimeoutMillis', options.flushTimeoutMillis);
  duration('shutdownTimeoutMillis', options.shutdownTimeoutMillis);
  wholeNumber('maxConcurrentExports', options.maxConcurrentExports, 1);
  if (options.meterProvider !== undefined) withMethods('meterProvider', options.meterProvider, ['getMeter']);
  if (options.componentName !== undefined && typeof options.componentName !== 'string') {
    throw new TypeError(`componentName must be a string, got ${shown(options.componentName)}`);
  }
  withMethods('clock', options.clock, CLOCK_METHODS);
  return { exporter, ...options };
}
