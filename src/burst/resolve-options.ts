import { completeBoxOptions, type ResolvedBlackBoxOptions } from '../box/index.ts';
import type { HoldingBounds } from '../holding/index.ts';
import type { LimitOptions } from '../limit/index.ts';
import type { Clock, MeterProviderLike, ReadableLogRecordLike } from '../record/index.ts';
import { resolve, type Values } from '../settings/index.ts';
import { type burstFields, processorOptions, providerOptions } from './burst-fields.ts';
import { LevelTable } from './level-table.ts';
import type {
  BurstExporterOptions,
  BurstLoggerProviderOptions,
  BurstProcessorOptions,
  BurstScope,
  BurstTriggers,
  SdkLoggerProviderLike,
} from './options.ts';
import { type ResolvedTarget, resolveTarget } from './resolve-target.ts';

/** The options with all defaults applied. */
export interface ResolvedBurstOptions {
  readonly levels: LevelTable;
  readonly emitLevel: number;
  readonly burstLevel: number;
  readonly exceptions: boolean;
  readonly when: BurstTriggers['when'] | undefined;
  readonly scope: BurstScope;
  readonly order: 'immediate' | 'chronological';
  readonly bounds: HoldingBounds;
  readonly maxBytes: number;
  readonly limit: LimitOptions | false;
  readonly fingerprint: ((record: ReadableLogRecordLike) => string) | undefined;
  readonly replayBatch: number;
  /** A loud record whose size exceeds this value is truncated. */
  readonly maxLoudBytes: number;
  readonly flushTimeoutMillis: number;
  readonly blackBox: ResolvedBlackBoxOptions | undefined;
  readonly meterProvider: MeterProviderLike | undefined;
  readonly clock: Clock;
}

const LIMIT_RECORDS = 60_000;
const MAX_DELAY_MILLIS = 10_000;
const NO_AFTER_WINDOW = Object.freeze({ records: 0, millis: 0 });
/** Used if the maximum size of an export request is not known. */
const MAX_LOUD_BYTES = 2 * 1024 * 1024;

/** @throws RangeError or TypeError with option, expected and actual value */
export function resolveBurstOptions(
  given: BurstExporterOptions | BurstProcessorOptions,
): ResolvedBurstOptions & { readonly target: ResolvedTarget } {
  const options = resolve(processorOptions, 'BurstLogRecordProcessor', given);
  const common = complete(options);
  const target = resolveTarget(options, given.delivery);
  if (!('delivery' in target)) return { ...common, target };
  const { maxQueueSize, maxExportBatchBytes } = target.delivery;
  return {
    ...common,
    target,
    // A batch that exceeds the free space of the queue would lose records.
    replayBatch: Math.min(options.replayBatch, Math.ceil(maxQueueSize / 2)),
    maxLoudBytes: Math.min(maxExportBatchBytes, Math.ceil(options.maxBytes / 2)),
  };
}

/** @throws RangeError or TypeError with option, expected and actual value */
export function resolveProviderOptions(
  given: BurstLoggerProviderOptions,
): ResolvedBurstOptions & { readonly provider: SdkLoggerProviderLike } {
  const options = resolve(providerOptions, 'BurstLoggerProvider', given);
  return { ...complete(options), provider: options.provider };
}

/** Resolves the options of all forms, including the defaults that depend on other options. */
function complete(options: Values<typeof burstFields>): ResolvedBurstOptions {
  const { level, emitLevel, maxBytes, triggers, capacity, blackBox } = options;
  const isChronological = options.order === 'chronological';
  return {
    levels: new LevelTable(level, emitLevel),
    emitLevel,
    burstLevel: options.burstLevel,
    exceptions: triggers.exceptions,
    when: triggers.when,
    scope: options.scope ?? (isChronological ? 'global' : 'trace'),
    order: options.order,
    bounds: {
      capacity,
      threshold: options.threshold ?? (isChronological ? 0.8 : 1),
      maxRecordBytes: options.maxRecordBytes ?? Math.ceil(maxBytes / 16),
      maxAgeMillis: options.maxAgeMillis,
      idleMillis: options.idleMillis,
      maxDelayMillis: options.maxDelayMillis ?? MAX_DELAY_MILLIS,
      after: options.after === false ? NO_AFTER_WINDOW : options.after,
    },
    maxBytes,
    limit: limitOf(options.limit, capacity),
    fingerprint: options.fingerprint,
    replayBatch: options.replayBatch,
    maxLoudBytes: Math.min(MAX_LOUD_BYTES, Math.ceil(maxBytes / 2)),
    flushTimeoutMillis: options.flushTimeoutMillis,
    blackBox: blackBox === undefined ? undefined : completeBoxOptions(blackBox),
    meterProvider: options.meterProvider,
    clock: options.clock,
  };
}

/** The default limit is at least `capacity`; otherwise a full key could never burst. */
function limitOf(limit: Values<typeof burstFields>['limit'], capacity: number): LimitOptions | false {
  if (limit === false) return false;
  const records = limit.records ?? Math.max(LIMIT_RECORDS, capacity);
  return records === Number.POSITIVE_INFINITY ? false : { ...limit, records };
}
