import type { Context } from '@opentelemetry/api';
import {
  type DeliveryOptions,
  type ResolvedDeliveryOptions,
  RetryingLogRecordExporter,
  type RetryOptions,
  resolveDeliveryOptions,
} from '../export/index.ts';
import {
  type Clock,
  checkKnown,
  checkObject,
  duration,
  fraction,
  type LogRecordExporterLike,
  type LogRecordProcessorLike,
  type MeterProviderLike,
  parseSeverity,
  type ReadableLogRecordLike,
  Severity,
  type SeverityLike,
  shown,
  systemClock,
  trueOrFalse,
  wholeNumber,
  withDefaults,
  withMethods,
} from '../record/index.ts';
import { type Level, Levels } from './levels.ts';
import type { OrderSettings } from './order.ts';

/** Which records share a buffer, and so a fate. */
export type BurstScope =
  | 'trace'
  | 'global'
  | ((record: ReadableLogRecordLike, context: Context) => string | undefined);

/** What makes a record a trigger, beside its severity. */
export interface Triggers {
  /** Every record with `exception.type` is a trigger, whatever its severity. Default false. */
  readonly exceptions?: boolean;
  /** Asked for every record that is not a trigger yet, quiet ones too. If it throws, the answer is no. */
  readonly when?: (record: ReadableLogRecordLike, context: Context) => boolean;
}

/** The delivery of the exporter form. */
export interface BurstDeliveryOptions
  extends Omit<DeliveryOptions, 'maxQueueBytes' | 'meterProvider' | 'clock'> {
  /**
   * How failed exports are tried again; `false`: not at all. An exporter that retries by itself and says so with
   * `worstCaseMillis` is not wrapped a second time.
   */
  readonly retry?: Omit<RetryOptions, 'clock'> | false;
}

/** The options of both forms. */
export interface BurstOptions {
  /**
   * Quieter records are refused: `enabled()` is false and they cost next to nothing. One severity, or one for
   * each logger: `{ default: 'DEBUG', 'noisy.*': 'INFO' }`. Not above `emitLevel`. Default TRACE.
   */
  readonly level?: Level;
  /** From here on a record is loud: exported always. Not above `burstLevel`. Default INFO. */
  readonly emitLevel?: SeverityLike;
  /** From here on a record is a trigger. Default ERROR. */
  readonly burstLevel?: SeverityLike;
  /** What makes a record a trigger beside its severity. Default: nothing. */
  readonly triggers?: Triggers;
  /** What a buffer belongs to. Default `'trace'`; `'global'` in chronological order. */
  readonly scope?: BurstScope;
  /** Quiet records held per key; in chronological order, records in the row. From 1; default 1,000. */
  readonly capacity?: number;
  /** When `capacity` is passed, the oldest go until capacity x threshold remain. Above 0, up to 1; default 1 (0.8). */
  readonly threshold?: number;
  /**
   * Bytes held, replaying and queued for delivery, of all keys, by estimate. When passed, held records go first,
   * the oldest of the process first, then replaying ones, then the quietest that are queued. Default 32 MiB.
   */
  readonly maxBytes?: number;
  /** A quiet record over this estimate is not held. Default: maxBytes / 16. */
  readonly maxRecordBytes?: number;
  /** A held record older than this is let go. Default 600,000. */
  readonly maxAgeMillis?: number;
  /** A key without open spans that has been silent for so long is let go. Default 60,000. */
  readonly idleMillis?: number;
  /** `'immediate'` (default): loud records at once. `'chronological'`: nothing overtakes, for flat files. */
  readonly order?: 'immediate' | 'chronological';
  /**
   * Chronological order only: how long a loud record waits at most in the row. Default 10,000; Infinity as in
   * BurstLogging.
   */
  readonly maxDelayMillis?: number;
  /**
   * How many quiet records, and for how long, a key passes straight on after its burst. `false`: none. Default
   * 100 records, 10,000 milliseconds.
   */
  readonly after?: { readonly records?: number; readonly millis?: number } | false;
  /**
   * How many quiet records may leave in which time; of a burst the newest that fit go. Bursts by hand and of
   * FATAL records are not limited. `false`: no limit. Default 60,000 records in 60,000 milliseconds.
   */
  readonly limit?: { readonly records?: number; readonly millis?: number } | false;
  /** Released records handed on before the next wait for `forceFlush()`. From 1; default 512. */
  readonly replayBatch?: number;
  /** Where the metrics go. Default: nowhere. */
  readonly meterProvider?: MeterProviderLike;
  /** Time, for tests. Default: the machine's. */
  readonly clock?: Clock;
}

/** The exporter form: the whole pipeline. */
export interface BurstExporterOptions extends BurstOptions {
  readonly exporter: LogRecordExporterLike;
  readonly delivery?: BurstDeliveryOptions;
  readonly processor?: undefined;
}

/** The processor form: released means handed on to `processor`. */
export interface BurstProcessorOptions extends BurstOptions {
  readonly processor: LogRecordProcessorLike;
  readonly exporter?: undefined;
  readonly delivery?: undefined;
}

/** Every option, decided. */
export interface ResolvedBurstOptions {
  readonly target:
    | { readonly delivery: ResolvedDeliveryOptions }
    | { readonly processor: LogRecordProcessorLike };
  readonly levels: Levels;
  readonly emitLevel: number;
  readonly burstLevel: number;
  readonly exceptions: boolean;
  readonly when: Triggers['when'] | undefined;
  readonly scope: BurstScope;
  readonly order: 'immediate' | 'chronological';
  readonly settings: OrderSettings;
  readonly maxBytes: number;
  readonly limit: { readonly records: number; readonly millis: number } | false;
  readonly replayBatch: number;
  readonly meterProvider: MeterProviderLike | undefined;
  readonly clock: Clock;
}

const WHERE = 'BurstLogRecordProcessor';
const MEBIBYTE = 1024 * 1024;

const defaults = {
  level: 'TRACE' as unknown,
  emitLevel: 'INFO' as unknown,
  burstLevel: 'ERROR' as unknown,
  triggers: {} as Triggers,
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
  limit: {} as { records?: number; millis?: number } | false,
  replayBatch: 512,
  meterProvider: undefined as MeterProviderLike | undefined,
  clock: systemClock as Clock,
};
const AFTER = { records: 100, millis: 10_000 };
const LIMIT = { records: 60_000, millis: 60_000 };
const MAX_DELAY_MILLIS = 10_000;

/** @throws RangeError or TypeError that says option, wish and value */
export function resolveBurstOptions(
  given: BurstExporterOptions | BurstProcessorOptions,
): ResolvedBurstOptions {
  checkKnown(WHERE, given, ['exporter', 'processor', 'delivery', ...Object.keys(defaults)]);
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
  const settings: OrderSettings = {
    capacity: wholeNumber('capacity', options.capacity, 1),
    threshold: fraction('threshold', options.threshold ?? (chronological ? 0.8 : 1)),
    maxRecordBytes: wholeNumber('maxRecordBytes', options.maxRecordBytes ?? Math.ceil(maxBytes / 16), 1),
    maxAgeMillis: duration('maxAgeMillis', options.maxAgeMillis),
    idleMillis: duration('idleMillis', options.idleMillis),
    maxDelayMillis: duration('maxDelayMillis', options.maxDelayMillis ?? MAX_DELAY_MILLIS),
    after: burstable('after', options.after, AFTER),
  };
  const limit = burstable('limit', options.limit, LIMIT);
  withMethods('clock', options.clock, ['now', 'after']);
  if (options.meterProvider !== undefined) withMethods('meterProvider', options.meterProvider, ['getMeter']);
  return {
    target: targetOf(given, options.meterProvider, options.clock, maxBytes),
    levels: new Levels(options.level, Severity.TRACE, emitLevel),
    emitLevel,
    burstLevel,
    exceptions: trueOrFalse('triggers.exceptions', exceptions),
    when,
    scope: scopeOf(options.scope, chronological),
    order: options.order,
    settings,
    maxBytes,
    limit,
    replayBatch: wholeNumber('replayBatch', options.replayBatch, 1),
    meterProvider: options.meterProvider,
    clock: options.clock,
  };
}

function oneOf<const T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new TypeError(`${name} must be ${choices.map(shown).join(' or ')}, got ${shown(value)}`);
}

function scopeOf(scope: unknown, chronological: boolean): BurstScope {
  if (scope === undefined) return chronological ? 'global' : 'trace';
  if (scope !== 'trace' && scope !== 'global' && typeof scope !== 'function') {
    throw new TypeError(`scope must be "trace", "global" or a function, got ${shown(scope)}`);
  }
  if (chronological && scope !== 'global') {
    throw new TypeError(`scope must be "global" when order is "chronological", got ${shown(scope)}`);
  }
  return scope as BurstScope;
}

/** `{ records, millis }` filled from defaults, or false. */
function burstable(
  name: string,
  value: { readonly records?: number; readonly millis?: number } | false,
  otherwise: { readonly records: number; readonly millis: number },
): { readonly records: number; readonly millis: number } | false {
  if (value === false) return false;
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`${name} must be false or an object with records and millis, got ${shown(value)}`);
  }
  checkKnown(name, value, ['records', 'millis']);
  const { records, millis } = withDefaults(otherwise, value);
  return {
    records: records === Number.POSITIVE_INFINITY ? records : wholeNumber(`${name}.records`, records, 1),
    millis: duration(`${name}.millis`, millis, 1),
  };
}

function targetOf(
  given: BurstExporterOptions | BurstProcessorOptions,
  meterProvider: MeterProviderLike | undefined,
  clock: Clock,
  maxBytes: number,
): ResolvedBurstOptions['target'] {
  const { exporter, processor, delivery } = given;
  if ((exporter === undefined) === (processor === undefined)) {
    const got = exporter === undefined ? 'neither' : 'both';
    throw new TypeError(`${WHERE} needs exporter or processor, got ${got}`);
  }
  if (processor !== undefined) {
    if (delivery !== undefined) {
      throw new TypeError(
        'delivery is for the exporter form only: with processor, that one delivers; got both',
      );
    }
    return { processor: withMethods('processor', processor, ['onEmit', 'forceFlush', 'shutdown']) };
  }
  const { retry, ...rest } = delivery ?? {};
  if (delivery !== undefined) checkObject('delivery', delivery);
  for (const name of ['maxQueueBytes', 'meterProvider', 'clock']) {
    if (name in rest)
      throw new TypeError(`delivery has no option ${shown(name)}: the processor's own counts`);
  }
  return {
    delivery: resolveDeliveryOptions('delivery', {
      componentName: 'burst_log_processor/0',
      ...rest,
      exporter: retrying(exporter as LogRecordExporterLike, retry, clock),
      maxQueueBytes: maxBytes,
      clock,
      ...(meterProvider === undefined ? {} : { meterProvider }),
    }),
  };
}

function retrying(
  exporter: LogRecordExporterLike,
  retry: Omit<RetryOptions, 'clock'> | false | undefined,
  clock: Clock,
): LogRecordExporterLike {
  withMethods('exporter', exporter, ['export', 'shutdown']);
  const retriesItself =
    typeof (exporter as { readonly worstCaseMillis?: unknown }).worstCaseMillis === 'number';
  if (retriesItself && retry !== undefined && retry !== false) {
    throw new TypeError('delivery.retry is not for an exporter that retries by itself, got an object');
  }
  if (retry === false || retriesItself) return exporter;
  if (retry !== undefined) checkObject('delivery.retry', retry);
  return new RetryingLogRecordExporter({ ...retry, exporter, clock });
}
