import type { Context } from '@opentelemetry/api';
import * as api from '@opentelemetry/api';

/** The part of a Logger that we use; both generations of the logs API have it. */
export interface LoggerLike {
  /** Emits a record. Without `context`, the active one. */
  emit(record: {
    eventName?: string;
    severityNumber?: number;
    severityText?: string;
    body?: string;
    // biome-ignore lint/suspicious/noExplicitAny: 2.x types the values AnyValue, 3.x unknown.
    attributes?: Record<string, any>;
    context?: Context;
  }): void;
  /** Whether a record of this severity would be processed. */
  enabled?(options: { severityNumber?: number; eventName?: string; context?: Context }): boolean;
}

/** A LoggerProvider of either line. */
export interface LoggerProviderLike {
  /** The logger of this name. */
  getLogger(name: string, version?: string): LoggerLike;
}

/** Where `@opentelemetry/api-logs` keeps the global provider: a function of the version of its interface. */
const API_LOGS_KEY = Symbol.for('io.opentelemetry.js.api.logs');
const API_LOGS_VERSION = 1;

/** Where `@opentelemetry/api` keeps what is registered. */
const API_KEY = Symbol.for('opentelemetry.js.api.1');

/**
 * The global LoggerProvider, on both lines: inside `@opentelemetry/api` from 1.10 on, else that of api-logs,
 * which is read from where it is kept, so that api-logs need not be a dependency.
 */
export function globalLoggerProvider(): LoggerProviderLike | undefined {
  const { logs } = api as unknown as { logs?: { getLoggerProvider(): LoggerProviderLike } };
  if (logs !== undefined) return logs.getLoggerProvider();
  const kept = globalThis as { [API_LOGS_KEY]?: (version: number) => LoggerProviderLike };
  return kept[API_LOGS_KEY]?.(API_LOGS_VERSION);
}

/**
 * Lets instrumentations that still use `@opentelemetry/api-logs` arrive at the provider that is registered
 * with `@opentelemetry/api` 1.10 or later: the two globals do not see each other. On the 2.x line it does
 * nothing. Call it once, before or after the provider is registered.
 * @returns whether the bridge stands now
 */
export function bridgeApiLogs(): boolean {
  const { logs } = api as unknown as { logs?: { getLoggerProvider(): LoggerProviderLike } };
  const kept = globalThis as { [API_LOGS_KEY]?: (version: number) => LoggerProviderLike | undefined };
  if (logs === undefined || kept[API_LOGS_KEY] !== undefined) return false;
  kept[API_LOGS_KEY] = (version) => (version === API_LOGS_VERSION ? logs.getLoggerProvider() : undefined);
  return true;
}

/**
 * Makes a LoggerProvider the global one, on both lines: tasks write their records there. On the 3.x line it
 * also builds the bridge of {@link bridgeApiLogs}. Call it before instrumentations of other loggers are made;
 * on the 2.x line `logs.setGlobalLoggerProvider(provider)` of `@opentelemetry/api-logs` does the same.
 * @returns a function that takes it back
 * @throws Error if another provider is registered already
 */
export function registerLoggerProvider(provider: object): () => void {
  const { logs } = api as unknown as { logs?: LogsApi };
  const kept = globalThis as { [API_LOGS_KEY]?: unknown };
  const taken = () => new Error('a global LoggerProvider is already registered');
  if (logs !== undefined) {
    if (logs.setGlobalLoggerProvider(provider) === false) throw taken();
    const bridged = bridgeApiLogs();
    return () => {
      logs.disable();
      if (bridged) delete kept[API_LOGS_KEY];
    };
  }
  if (kept[API_LOGS_KEY] !== undefined) throw taken();
  kept[API_LOGS_KEY] = (version: number) => (version === API_LOGS_VERSION ? provider : undefined);
  return () => {
    delete kept[API_LOGS_KEY];
  };
}

/**
 * Puts a LoggerProvider in the place of the global one, on both lines, e.g. for the time of a test.
 * @returns a function that puts the one back that was there before; calling it again does nothing
 */
export function replaceLoggerProvider(provider: object): () => void {
  const { logs } = api as unknown as { logs?: LogsApi };
  const kept = globalThis as { [API_LOGS_KEY]?: unknown; [API_KEY]?: { logs?: object } };
  const before = { apiLogs: kept[API_LOGS_KEY], logs: kept[API_KEY]?.logs };
  if (logs !== undefined && before.logs !== undefined) logs.disable();
  delete kept[API_LOGS_KEY];
  const takeBack = registerLoggerProvider(provider);
  let restored = false;
  return () => {
    if (restored) return;
    restored = true;
    takeBack();
    if (logs !== undefined && before.logs !== undefined) logs.setGlobalLoggerProvider(before.logs);
    if (before.apiLogs !== undefined) kept[API_LOGS_KEY] = before.apiLogs;
  };
}

/** The logs API inside `@opentelemetry/api` from 1.10 on. */
interface LogsApi {
  setGlobalLoggerProvider(provider: object): unknown;
  disable(): void;
}
