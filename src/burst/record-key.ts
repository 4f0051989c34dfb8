import { type Context, type SpanContext, trace } from '@opentelemetry/api';
import { SHARED_KEY } from '../holding/index.ts';
import type { RateLimitedWarnings, ReadableLogRecordLike } from '../record/index.ts';
import { errorText } from '../record/index.ts';
import { rootTaskId } from '../task/index.ts';
import { blank } from './burst-records.ts';
import type { BurstScope } from './options.ts';
import type { ReentrancyGuard } from './reentrancy-guard.ts';

/** The part of an item that the built-in scopes read. The span context is set only if it is valid. */
export interface Keyed {
  readonly spanContext?: SpanContext | undefined;
}

/** Determines the key of an item or of a context. */
export interface RecordKey<T> {
  of(item: T, context: Context): string;
  /** The key of a context, without a record. */
  ofContext(context: Context): string;
}

const globalKey: RecordKey<Keyed> = { of: () => SHARED_KEY, ofContext: () => SHARED_KEY };

const traceKey: RecordKey<Keyed> = {
  of: (item) => item.spanContext?.traceId ?? SHARED_KEY,
  ofContext: (context) => {
    const spanContext = trace.getSpanContext(context);
    return spanContext !== undefined && trace.isSpanContextValid(spanContext)
      ? spanContext.traceId
      : SHARED_KEY;
  },
};

/** Outside of tasks, the key is that of the trace. */
const taskKey: RecordKey<Keyed> = {
  of: (item, context) => rootTaskId(context) ?? traceKey.of(item, context),
  ofContext: (context) => rootTaskId(context) ?? traceKey.ofContext(context),
};

/**
 * Selects the key function once, at construction.
 * @param readable returns an item as a record, for a scope function
 */
export function recordKey<T extends Keyed>(
  scope: BurstScope,
  readable: (item: T) => ReadableLogRecordLike,
  guard: ReentrancyGuard,
  warnings: RateLimitedWarnings,
): RecordKey<T> {
  if (scope === 'global') return globalKey;
  if (scope === 'trace') return traceKey;
  if (scope === 'task') return taskKey;
  const keyOf = (record: ReadableLogRecordLike, context: Context): string => {
    try {
      const key = guard.call(() => scope(record, context));
      return typeof key === 'string' ? key : SHARED_KEY;
    } catch (error) {
      warnings.warn('scope', `scope threw ${errorText(error)}; the record belongs to the shared bucket`);
      return SHARED_KEY;
    }
  };
  return {
    of: (item, context) => keyOf(readable(item), context),
    // Without a record, a scope function can only use the context.
    ofContext: (context) => keyOf(blank, context),
  };
}
