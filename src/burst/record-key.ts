import { type Context, trace } from '@opentelemetry/api';
import type { RateLimitedWarnings, ReadableLogRecordLike } from '../record/index.ts';
import { errorText } from '../record/index.ts';
import { rootTaskId } from '../task/index.ts';
import { blank } from './burst-records.ts';
import type { BurstScope } from './options.ts';
import { SHARED_KEY } from './order.ts';
import type { ReentrancyGuard } from './reentrancy-guard.ts';

/** Finds the key of a record, and of what is active. */
export interface RecordKey {
  of(record: ReadableLogRecordLike, context: Context): string;
  /** The key of a context, without a record. */
  ofContext(context: Context): string;
}

const globalKey: RecordKey = { of: () => SHARED_KEY, ofContext: () => SHARED_KEY };

const traceKey: RecordKey = {
  // The SDK gives a record a span context only if it is valid.
  of: (record) => record.spanContext?.traceId ?? SHARED_KEY,
  ofContext: (context) => {
    const spanContext = trace.getSpanContext(context);
    return spanContext !== undefined && trace.isSpanContextValid(spanContext)
      ? spanContext.traceId
      : SHARED_KEY;
  },
};

/** Outside of tasks the trace decides. */
const taskKey: RecordKey = {
  of: (record, context) => rootTaskId(context) ?? traceKey.of(record, context),
  ofContext: (context) => rootTaskId(context) ?? traceKey.ofContext(context),
};

/** Decides once, at construction, how keys are found. */
export function recordKey(
  scope: BurstScope,
  guard: ReentrancyGuard,
  warnings: RateLimitedWarnings,
): RecordKey {
  if (scope === 'global') return globalKey;
  if (scope === 'trace') return traceKey;
  if (scope === 'task') return taskKey;
  const of = (record: ReadableLogRecordLike, context: Context): string => {
    try {
      const key = guard.call(() => scope(record, context));
      return typeof key === 'string' ? key : SHARED_KEY;
    } catch (error) {
      warnings.warn('scope', `scope threw ${errorText(error)}; the record belongs to the shared bucket`);
      return SHARED_KEY;
    }
  };
  // Without a record, a scope function can only look at the context.
  return { of, ofContext: (context) => of(blank, context) };
}
