import type { Context } from '@opentelemetry/api';
import * as api from '@opentelemetry/api';

/** The part of a Logger that this package uses. OTel JS 2.x and 3.x both have it. */
export interface LoggerLike {
  /** Emits a record. `context` defaults to the active context. */
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

/** A LoggerProvider of OTel JS 2.x or 3.x. */
export interface LoggerProviderLike {
  /** Returns the logger of this name. */
  getLogger(name: string, version?: string): LoggerLike;
}

/**
 * The global in which `@opentelemetry/api-logs` stores a function that returns the provider by API version.
 */
const API_LOGS_KEY = Symbol.for('io.opentelemetry.js.api.logs');
const API_LOGS_VERSION = 1;

/** The global in which `@opentelemetry/api` stores its registrations. */
const API_KEY = Symbol.for('opentelemetry.js.api.1');

/**
 * Returns the global LoggerProvider: that of `@opentelemetry/api` from 1.10 on, otherwise that of api-logs.
 * The latter is read from its global symbol, so that api-logs is not a dependency.
 */
export function globalLoggerProvider(): LoggerProviderLike | undefined {
  const { logs } = api as unknown as { logs?: { getLoggerProvider(): LoggerProviderLike } };
  if (logs !== undefined) return logs.getLoggerProvider();
  const kept = globalThis as { [API_LOGS_KEY]?: (version: number) => LoggerProviderLike };
  return kept[API_LOGS_KEY]?.(API_LOGS_VERSION);
}

/**
 * Connects instrumentations that use `@opentelemetry/api-logs` to the provider that is registered with
 * `@opentelemetry/api` 1.10 or later, because the two APIs have separate globals. With OTel JS 2.x it does
 * nothing. Call it once, before or after the provider is registered.
 * @returns whether this call installed the bridge
 */
export function bridgeApiLogs(): boolean {
  const { logs } = api as unknown as { logs?: { getLoggerProvider(): LoggerProviderLike } };
  const kept = globalThis as { [API_LOGS_KEY]?: (version: number) => LoggerProviderLike | undefined };
  if (logs === undefined || kept[API_LOGS_KEY] !== undefined) return false;
  kept[API_LOGS_KEY] = (version) => (version === API_LOGS_VERSION ? logs.getLoggerProvider() : undefined);
  return true;
}

/**
 * Registers the global LoggerProvider, with OTel JS 2.x and 3.x. Tasks emit their records to it. With 3.x it
 * also installs the bridge of {@link bridgeApiLogs}. Call it before instrumentations of other loggers are
 * created. With 2.x, `logs.setGlobalLoggerProvider(provider)` of `@opentelemetry/api-logs` does the same.
 * @returns a function that unregisters the provider
 * @throws Error if another provider is already registered
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
 * Replaces the global LoggerProvider, with OTel JS 2.x and 3.x, for example during a test.
 * @returns a function that restores the previous provider; calling it again does nothing
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
