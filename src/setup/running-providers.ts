import { type TracerProvider, trace } from '@opentelemetry/api';
import {
  globalLoggerProvider,
  type LogRecordProcessorLike,
  type SpanProcessorLike,
} from '../record/index.ts';
import { hasLogsApi, registeredApi } from './registered-api.ts';

/** Where the SDKs keep the processors of a LoggerProvider; the same on all lines that this package supports. */
interface LoggerProviderInside {
  readonly _sharedState?: { activeProcessor?: Partial<LogRecordProcessorLike> };
}

/** Where they keep those of a TracerProvider. */
interface TracerProviderInside {
  readonly _activeSpanProcessor?: { readonly _spanProcessors?: unknown };
}

interface ProxyInside {
  getDelegate?(): TracerProvider;
  _getDelegate?(): object;
}

/** The LoggerProvider that is registered already; undefined: none. */
export function runningLoggerProvider(): object | undefined {
  if (hasLogsApi() && registeredApi()?.logs === undefined) return undefined;
  const provider = globalLoggerProvider() as (object & ProxyInside) | undefined;
  return provider?._getDelegate?.() ?? provider;
}

/** The TracerProvider that is registered already; undefined: none. */
export function runningTracerProvider(): object | undefined {
  if (registeredApi()?.trace === undefined) return undefined;
  const provider = trace.getTracerProvider() as object & ProxyInside;
  return provider.getDelegate?.() ?? provider;
}

/**
 * Puts processors in the place of those that a running LoggerProvider has. No SDK lets that be done from outside; this
 * reaches inside, and does nothing if it does not find what it expects.
 * @param replacement makes the new processor; it gets the one that was there
 * @returns whether it was done
 */
export function replaceLogProcessors(
  provider: object,
  replacement: (inner: LogRecordProcessorLike) => LogRecordProcessorLike,
): boolean {
  const state = (provider as LoggerProviderInside)._sharedState;
  const inner = state?.activeProcessor;
  if (state === undefined || typeof inner?.onEmit !== 'function') return false;
  state.activeProcessor = replacement(inner as LogRecordProcessorLike);
  return true;
}

/** Adds a span processor to a running TracerProvider, likewise. @returns whether it was done */
export function addSpanProcessor(provider: object, processor: SpanProcessorLike): boolean {
  const processors = (provider as TracerProviderInside)._activeSpanProcessor?._spanProcessors;
  if (!Array.isArray(processors)) return false;
  processors.unshift(processor);
  return true;
}
