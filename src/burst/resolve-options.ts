import { type BlackBoxOptions, type ResolvedBlackBoxOptions, resolveBlackBoxOptions } from '../box/index.ts';
import type { HoldingBounds } from '../holding/index.ts';
import type { LimitOptions } from '../limit/index.ts';
import {
  CLOCK_METHODS,
  type Clock,
  type MeterProviderLike,
  parseSeverity,
  type ReadableLogRecordLike,
  Severity,
  systemClock,
} from '../record/index.ts';
import {
  checkKnown,
  duration,
  fraction,
  shown,
  trueOrFalse,
  wholeNumber,
  withDefaults,
  withMethods,
} from '../settings/index.ts';
import { LevelTable } from './level-table.ts';
import type {
  BurstCallOptions,
  BurstExporterOptions,
  BurstLoggerProviderOptions,
  BurstOptions,
  BurstProcessorOptions,
  BurstScope,
  BurstTriggers,
  SdkLoggerProviderLike,
} from './options.ts';
import { type ResolvedTarget, resolveTarget } from './resolve-target.ts';

/** Every option, decided. */
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
  /** A bigger loud record is truncated. */
  readonly maxLoudBytes: number;
  readonly flushTimeoutMillis: number;
  readonly blackBox: ResolvedBlackBoxOptions | undefined;
  readonly meterProvider: MeterProviderLike | undefined;
  readonly clock: Clock;
}

const MEBIBYTE = 1024 * 1024;

const defaults = {
  level: 'TRACE' as unknown,
  emitLevel: 'INFO' as unknown,
  burstLevel: 'ERROR' as unknown,
  triggers: {} as BurstTriggers,
  scope: undefined as BurstScope | undefined,
  capacity: 1_000,
  threshold: undefined as number | undefined,
  maxBytes: 32 * MEBIBYTE,
  maxRecordBytes: undefined as number | undefined,
  maxAgeMillis: 600_000,
  idleMillis: 60_000,
  order: 'immediate' as 'immediate' | 'chronological',
  maxDelayMillis: undefined as number | undefined,
  after: {} as { records?: number; millis?: number } | false,
  limit: {} as Partial<LimitOptions> | false,
  fingerprint: undefined as ((record: ReadableLogRecordLike) => string) | undefined,
  replayBatch: 512,
  flushTimeoutMillis: 10_000,
  blackBox: undefined as BlackBoxOptions | undefined,
  meterProvider: undefined as MeterProviderLike | undefined,
  clock: systemClock as Clock,
};
const AFTER = { records: 100, millis: 10_000 };
const LIMIT = { records: 60_000, millis: 60_000, reserve: 0.5 };
const MAX_DELAY_MILLIS = 10_000;
/** Where nothing says how much fits into a request. */
const MAX_LOUD_BYTES = 2 * MEBIBYTE;

/** @throws RangeError or TypeError that says option, expected and actual value */
export function resolveBurstOptions(
  given: BurstExporterOptions | BurstProcessorOptions,
): ResolvedBurstOptions & { readonly target: ResolvedTarget } {
  const where = 'BurstLogRecordProcessor';
  const options = resolveCommon(where, given, ['exporter', 'processor', 'delivery']);
  const target = resolveTarget(where, given, options);
  if (!('delivery' in target)) return { ...options, target };
  const { maxQueueSize, maxExportBatchBytes } = target.delivery;
  return {
    ...options,
    target,
    // More than the queue takes at once would be dropped by it.
    replayBatch: Math.min(options.replayBatch, Math.ceil(maxQueueSize / 2)),
    maxLoudBytes: Math.min(maxExportBatchBytes, Math.ceil(options.maxBytes / 2)),
  };
}

/** @throws RangeError or TypeError that says option, expected and actual value */
export function resolveProviderOptions(
  given: BurstLoggerProviderOptions,
): ResolvedBurstOptions & { readonly provider: SdkLoggerProviderLike } {
  const options = resolveCommon('BurstLoggerProvider', given, ['provider']);
  const provider = withMethods<SdkLoggerProviderLike>('provider', given.provider, [
    'getLogger',
    'forceFlush',
    'shutdown',
  ]);
  return { ...options, provider };
}

/** What all forms have in common. @param own the options that only the form of `where` has */
function resolveCommon(where: string, given: BurstOptions, own: readonly string[]): ResolvedBurstOptions {
  checkKnown(where, given, [...own, ...Object.keys(defaults)]);
  const options = withDefaults(defaults, given as Partial<typeof defaults>);
  const chronological = oneOf('order', options.order, ['immediate', 'chronological']) === 'chronological';
  const emitLevel = parseSeverity('emitLevel', options.emitLevel);
  const burstLevel = parseSeverity('burstLevel', options.burstLevel);
  if (emitLevel > burstLevel) {
    throw new RangeError(
      `emitLevel must not be above burstLevel (${burstLevel}), got ${shown(options.emitLevel)}`,
    );
  }
  checkKnown('triggers', options.triggers, ['exceptions', 'when']);
  const { exceptions = false, when } = options.triggers;
  if (when !== undefined && typeof when !== 'function') {
    throw new TypeError(`triggers.when must be a function, got ${shown(when)}`);
  }
  const maxBytes = wholeNumber('maxBytes', options.maxBytes, 1);
  if (!chronological && options.maxDelayMillis !== undefined) {
    throw new RangeError(
      `maxDelayMillis is for order 'chronological' only (loud records wait nowhere else), got ${shown(options.maxDelayMillis)}`,
    );
  }
  const bounds: HoldingBounds = {
    capacity: wholeNumber('capacity', options.capacity, 1),
    threshold: fraction('threshold', options.threshold ?? (chronological ? 0.8 : 1)),
    maxRecordBytes: wholeNumber('maxRecordBytes', options.maxRecordBytes ?? Math.ceil(maxBytes / 16), 1),
    maxAgeMillis: duration('maxAgeMillis', options.maxAgeMillis),
    idleMillis: duration('idleMillis', options.idleMillis),
    maxDelayMillis: duration('maxDelayMillis', options.maxDelayMillis ?? MAX_DELAY_MILLIS),
    after: filled('after', options.after, AFTER),
  };
  if (options.fingerprint !== undefined && typeof options.fingerprint !== 'function') {
    throw new TypeError(`fingerprint must be a function, got ${shown(options.fingerprint)}`);
  }
  if (options.blackBox !== undefined && chronological) {
    throw new TypeError("blackBox needs order 'immediate', got 'chronological'");
  }
  withMethods('clock', options.clock, CLOCK_METHODS);
  if (options.meterProvider !== undefined) withMethods('meterProvider', options.meterProvider, ['getMeter']);
  return {
    levels: new LevelTable(options.level, Severity.TRACE, emitLevel),
    emitLevel,
    burstLevel,
    exceptions: trueOrFalse('triggers.exceptions', exceptions),
    when,
    scope: scopeOf(options.scope, chronological),
    order: options.order,
    bounds,
    maxBytes,
    limit: limitOf(options.limit, bounds.capacity),
    fingerprint: options.fingerprint,
    replayBatch: wholeNumber('replayBatch', options.replayBatch, 1),
    maxLoudBytes: Math.min(MAX_LOUD_BYTES, Math.ceil(maxBytes / 2)),
    flushTimeoutMillis: duration('flushTimeoutMillis', options.flushTimeoutMillis),
    blackBox: options.blackBox === undefined ? undefined : resolveBlackBoxOptions(options.blackBox),
    meterProvider: options.meterProvider,
    clock: options.clock,
  };
}

/** @throws TypeError that says option, expected and actual value */
export function resolveCall(
  where: string,
  options: BurstCallOptions & { readonly reason?: string | undefined },
  known: readonly string[],
): { readonly keys: 'active' | 'all' | readonly string[]; readonly reason: string | undefined } {
  checkKnown(where, options, known);
  const { keys = 'active', reason } = options;
  const areNamed = Array.isArray(keys) && keys.every((key) => typeof key === 'string');
  if (keys !== 'active' && keys !== 'all' && !areNamed) {
    throw new TypeError(`keys must be "active", "all" or an array of strings, got ${shown(keys)}`);
  }
  if (reason !== undefined && typeof reason !== 'string') {
    throw new TypeError(`reason must be a string, got ${shown(reason)}`);
  }
  return { keys, reason };
}

function oneOf<const T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new TypeError(`${name} must be ${choices.map(shown).join(' or ')}, got ${shown(value)}`);
}

function scopeOf(scope: unknown, chronological: boolean): BurstScope {
  if (scope === undefined) return chronological ? 'global' : 'trace';
  if (scope !== 'trace' && scope !== 'task' && scope !== 'global' && typeof scope !== 'function') {
    throw new TypeError(`scope must be "trace", "task", "global" or a function, got ${shown(scope)}`);
  }
  if (chronological && scope !== 'global') {
    throw new TypeError(`scope must be "global" when order is "chronological", got ${shown(scope)}`);
  }
  return scope as BurstScope;
}

/** Of both `after` and `limit`: filled from the defaults, or false. */
function filled<T extends { readonly records: number; readonly millis: number }>(
  name: string,
  value: Partial<T> | false,
  otherwise: T,
): T | false {
  if (value === false) return false;
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`${name} must be false or an object with records and millis, got ${shown(value)}`);
  }
  checkKnown(name, value, Object.keys(otherwise));
  const given = withDefaults(otherwise, value);
  if (given.records !== Number.POSITIVE_INFINITY) wholeNumber(`${name}.records`, given.records, 1);
  duration(`${name}.millis`, given.millis, 1);
  return given;
}

/** A limit below `capacity` can be wanted, but not by default: a full key could never burst. */
function limitOf(value: Partial<LimitOptions> | false, capacity: number): LimitOptions | false {
  const limit = filled('limit', value, { ...LIMIT, records: Math.max(LIMIT.records, capacity) });
  if (limit === false) return false;
  if (typeof limit.reserve !== 'number' || !(limit.reserve >= 0 && limit.reserve <= 1)) {
    throw new RangeError(`limit.reserve must be a number from 0 to 1, got ${shown(limit.reserve)}`);
  }
  return limit.records === Number.POSITIVE_INFINITY ? false : limit;
}
