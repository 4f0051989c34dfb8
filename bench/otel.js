// A minimal OpenTelemetry setup of an application.
import { context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { LoggerProvider } from '@opentelemetry/sdk-logs';

/** @typedef {import('@opentelemetry/sdk-logs').LogRecordProcessor} LogRecordProcessor */

/** A clause of every case's options. */
export const GIBIBYTE = 2 ** 30;

/**
 * A provider with a context manager, like in every application.
 *
 * @param {LogRecordProcessor[]} processors
 */
export function providerWith(...processors) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return new LoggerProvider({ processors });
}

/** @param {LoggerProvider} provider */
export function registerLogs(provider) {
  logs.setGlobalLoggerProvider(provider);
}

/**
 * Contexts with an active, sampled span, each of a different trace.
 *
 * @param {number} count
 */
export function traceContexts(count) {
  return Array.from({ length: count }, (_, index) => {
    const number = (index + 1).toString(16);
    return trace.setSpanContext(ROOT_CONTEXT, {
      traceId: number.padStart(32, '0'),
      spanId: number.padStart(16, '0'),
      traceFlags: TraceFlags.SAMPLED,
    });
  });
}

/** A processor that only calls a function with each record. */
export class RecordProcessor {
  /** @param {LogRecordProcessor['onEmit']} onEmit */
  constructor(onEmit) {
    this.onEmit = onEmit;
  }

  async forceFlush() {
    // Nothing is queued.
  }

  async shutdown() {
    // Nothing to close.
  }
}

/** Accepts everything at once and discards it. */
export const swallowingExporter = {
  /**
   * @param {unknown[]} _records
   * @param {(result: { code: number }) => void} callback
   */
  export: (_records, callback) => callback({ code: 0 }),
  shutdown: async () => {},
  forceFlush: async () => {},
};
