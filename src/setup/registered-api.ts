import * as api from '@opentelemetry/api';

/** The key under which `@opentelemetry/api` stores its registrations. */
const API_KEY = Symbol.for('opentelemetry.js.api.1');

/** The registrations of `@opentelemetry/api`. The version is that of the copy that registered first. */
export interface RegisteredApi {
  readonly version?: string;
  readonly diag?: unknown;
  readonly trace?: unknown;
  readonly logs?: unknown;
  readonly propagation?: unknown;
}

/** Returns undefined if nothing is registered. */
export function registeredApi(): RegisteredApi | undefined {
  return (globalThis as { [API_KEY]?: RegisteredApi })[API_KEY];
}

/** Whether `@opentelemetry/api` contains the logs API, as on OpenTelemetry 3.x. */
export function hasLogsApi(): boolean {
  return 'logs' in api;
}

/**
 * Describes a refused registration when nothing of that kind is registered: another copy of the API, of
 * another version, registered first.
 */
export function refusal(what: string): string {
  const first = registeredApi()?.version ?? 'of another version';
  return (
    `the registration of ${what} was refused because another copy of @opentelemetry/api (${first}) registered first: ` +
    'load burstlog before the package that brings that copy, or install a single version (npm ls @opentelemetry/api)'
  );
}
