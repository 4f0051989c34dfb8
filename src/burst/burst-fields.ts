import { boxFields } from '../box/index.ts';
import { deliveryFields, retryChecks, retryFields } from '../export/index.ts';
import {
  CLOCK_METHODS,
  type Clock,
  EXPECTED_SEVERITY,
  type LogRecordExporterLike,
  type LogRecordProcessorLike,
  type MeterProviderLike,
  type ReadableLogRecordLike,
  type SeverityLike,
  type SpanLike,
  severityNumber,
  systemClock,
} from '../record/index.ts';
import {
  bytes,
  type CrossCheck,
  choice,
  code,
  converted,
  count,
  exactlyOne,
  flag,
  functions,
  group,
  methods,
  millis,
  number,
  shown,
  text,
  type Values,
} from '../settings/index.ts';
import type { LevelByLogger } from './level-table.ts';
import type { BurstScope, BurstTriggers, SdkLoggerProviderLike } from './options.ts';

const MEBIBYTE = 1024 * 1024;

function severity<const Name extends SeverityLike>(name: Name) {
  return converted<SeverityLike>()({
    expected: EXPECTED_SEVERITY,
    isRange: true,
    parse: severityNumber,
    default: name,
  });
}

/** The definitions of `BurstTriggers`: bounds and defaults. */
export const triggerFields = {
  exceptions: flag({ default: false }),
  when: functions<NonNullable<BurstTriggers['when']>>()({ absent: 'never' }),
};

/** The definitions of `BurstOptions`: bounds and defaults. */
export const burstFields = {
  level: code({ expected: 'a severity or an object', parse: asLevels, default: 'TRACE' }),
  emitLevel: severity('INFO'),
  burstLevel: severity('ERROR'),
  triggers: group(triggerFields),
  scope: code({
    expected: '"trace", "task", "global" or a function',
    parse: asScope,
    absent: "`'trace'`; `'global'` in chronological order",
  }),
  capacity: count({ min: 1, default: 1_000 }),
  threshold: number({ min: 0, isAbove: true, max: 1, absent: '1; 0.8 in chronological order' }),
  maxBytes: bytes({ min: 1, default: 32 * MEBIBYTE }),
  maxRecordBytes: bytes({ min: 1, absent: 'maxBytes / 16' }),
  maxAgeMillis: millis({ min: 0, default: 600_000 }),
  idleMillis: millis({ min: 0, default: 60_000 }),
  order: choice(['immediate', 'chronological'], { default: 'immediate' }),
  maxDelayMillis: millis({ min: 0, absent: '10,000 in chronological order' }),
  after: group(
    {
      records: count({ min: 1, max: Number.POSITIVE_INFINITY, default: 100 }),
      millis: millis({ min: 1, default: 10_000 }),
    },
    { canBeOff: true },
  ),
  limit: group(
    {
      records: count({ min: 1, max: Number.POSITIVE_INFINITY, absent: '60,000, or `capacity` if more' }),
      millis: millis({ min: 1, default: 60_000 }),
      reserve: number({ min: 0, max: 1, default: 0.5 }),
    },
    { canBeOff: true },
  ),
  fingerprint: functions<(record: ReadableLogRecordLike) => string>()({ absent: 'computed from the record' }),
  replayBatch: count({ min: 1, default: 512 }),
  flushTimeoutMillis: millis({ min: 0, default: 10_000 }),
  blackBox: group(boxFields, { absent: 'no file' }),
  meterProvider: methods<MeterProviderLike>()(['getMeter'], { absent: 'no metrics' }),
  clock: methods<Clock>()(CLOCK_METHODS, { default: systemClock }),
};

const { maxQueueBytes, meterProvider, clock, flushTimeoutMillis, ...ownDelivery } = deliveryFields;
const { clock: retryClock, ...ownRetry } = retryFields;

/** The definitions of `BurstDeliveryOptions`: bounds and defaults. */
export const burstDeliveryFields = {
  ...ownDelivery,
  retry: group(ownRetry, { absent: 'its defaults', canBeOff: true, checks: retryChecks }),
};

const checks: readonly CrossCheck<Values<typeof burstFields>>[] = [
  {
    at: 'emitLevel',
    isRange: true,
    problem: ({ emitLevel, burstLevel }) =>
      emitLevel > burstLevel ? `must not be above burstLevel (${burstLevel}), got ${emitLevel}` : undefined,
  },
  {
    at: 'maxDelayMillis',
    isRange: true,
    problem: ({ order, maxDelayMillis }) =>
      order === 'immediate' && maxDelayMillis !== undefined
        ? `must be omitted when order is "immediate", got ${shown(maxDelayMillis)}`
        : undefined,
  },
  {
    at: 'scope',
    problem: ({ order, scope = 'global' }) =>
      order === 'chronological' && scope !== 'global'
        ? `must be "global" when order is "chronological", got ${shown(scope)}`
        : undefined,
  },
  {
    at: 'blackBox',
    problem: ({ order, blackBox }) =>
      order === 'chronological' && blackBox !== undefined
        ? 'must be omitted when order is "chronological", got an object'
        : undefined,
  },
];

const processorFields = {
  exporter: methods<LogRecordExporterLike>()(['export', 'shutdown'], { absent: 'the processor form' }),
  processor: methods<LogRecordProcessorLike>()(['onEmit', 'forceFlush', 'shutdown'], {
    absent: 'the exporter form',
  }),
  delivery: group(burstDeliveryFields, { absent: 'its defaults' }),
  ...burstFields,
};

const processorChecks: readonly CrossCheck<Values<typeof processorFields>>[] = [
  ...checks,
  exactlyOne('exporter', 'processor'),
  {
    at: 'delivery',
    problem: ({ processor, delivery }) =>
      processor === undefined || delivery === undefined
        ? undefined
        : 'must be omitted with processor, which does its own delivery; got both',
  },
  {
    at: 'delivery.retry',
    problem: ({ exporter, delivery }) =>
      exporter !== undefined && retriesItself(exporter) && (delivery?.retry ?? false) !== false
        ? 'must be false or omitted for an exporter that retries by itself, got an object'
        : undefined,
  },
];

/** The options of `BurstLogRecordProcessor`, in both forms. */
export const processorOptions = group(processorFields, { checks: processorChecks });

/** The options of `BurstLoggerProvider`. */
export const providerOptions = group(
  {
    provider: methods<SdkLoggerProviderLike>()(['getLogger', 'forceFlush', 'shutdown'], {}),
    ...burstFields,
  },
  { checks },
);

/** The options of `spanProcessor()`. */
export const spanOptions = group({
  errors: code({ expected: 'true or false', parse: asErrors, default: true }),
  slowerThanMillis: millis({ min: 0, absent: 'disabled' }),
  lingerMillis: millis({ min: 0, default: 1_000 }),
});

const keys = code({
  expected: '"active", "all" or an array of strings',
  parse: asKeys,
  default: 'active',
});

/** The options of `burst()`. */
export const burstCallOptions = group({
  keys,
  reason: text({ expected: 'a string', pattern: /^/, absent: 'none' }),
});

/** The options of `discard()`. */
export const discardOptions = group({ keys });

/** Whether an exporter declares, by `worstCaseMillis`, that it retries by itself. */
export function retriesItself(exporter: LogRecordExporterLike): boolean {
  return typeof (exporter as { readonly worstCaseMillis?: unknown }).worstCaseMillis === 'number';
}

/** Checks the type only. `LevelTable` checks the severities, because their bound is `emitLevel`. */
function asLevels(value: unknown): LevelByLogger | undefined {
  return value === null || Array.isArray(value) ? undefined : (value as LevelByLogger);
}

function asScope(value: unknown): BurstScope | undefined {
  const isName = value === 'trace' || value === 'task' || value === 'global';
  return isName || typeof value === 'function' ? (value as BurstScope) : undefined;
}

function asErrors(value: unknown): boolean | ((span: SpanLike) => boolean) | undefined {
  return typeof value === 'boolean' || typeof value === 'function' ? (value as boolean) : undefined;
}

function asKeys(value: unknown): 'active' | 'all' | readonly string[] | undefined {
  if (value === 'active' || value === 'all') return value;
  return Array.isArray(value) && value.every((key) => typeof key === 'string') ? value : undefined;
}
