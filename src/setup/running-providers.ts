import { type TracerProvider, trace } from '@opentelemetry/api';
import {
  globalLoggerProvider,
  type LogRecordProcessorLike,
  type SpanProcessorLike,
} from '../record/index.ts';
import { hasLogsApi, registeredApi } from './registered-api.ts';

/** Where the SDKs keep the processors of a LoggerProvider; the same on all supported lines. */
interface LoggerProviderInside {
  readonly _sharedState?: { activeProcessor?: Partial<LogRecordProcessorLike> };
}

/** Where the SDKs keep the processors of a TracerProvider. */
interface TracerProviderInside {
  readonly _activeSpanProcessor?: { readonly _spanProcessors?: unknown };
}

interface ProxyInside {
  getDelegate?(): TracerProvider;
  _getDelegate?(): object;
}

/** Returns the LoggerProvider that is already registered, or undefined. */
export function runningLoggerProvider(): object | undefined {
  if (hasLogsApi() && registeredApi()?.logs === undefined) return undefined;
  const provider = globalLoggerProvider() as (object & ProxyInside) | undefined;
  return provider?._getDelegate?.() ?? provider;
}

/** Returns the TracerProvider that is already registered, or undefined. */
export function runningTracerProvider(): object | undefined {
  if (registeredApi()?.trace === undefined) return undefined;
  const provider = trace.getTracerProvider() as object & ProxyInside;
  return provider.getDelegate?.() ?? provider;
}

/**
 * Replaces the processors of a running LoggerProvider. No SDK has an API for this, so it accesses internals,
 * and does nothing if they differ from what it expects.
 * @param replacement creates the new processor from the existing one
 * @returns whether the processor was replaced
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

/** Adds a span processor to a running TracerProvider, in the same way. @returns whether it was added */
export function addSpanProcessor(provider: object, processor: SpanProcessorLike): boolean {
  const processors = (provider as TracerProviderInside)._activeSpanProcessor?._spanProcessors;
  if (!Array.isArray(processors)) return false;
  processors.unshift(processor);
  return true;
}
