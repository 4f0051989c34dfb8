import * as api from '@opentelemetry/api';

/** Where `@opentelemetry/api` keeps what is registered. */
const API_KEY = Symbol.for('opentelemetry.js.api.1');

/** What is registered with `@opentelemetry/api`. The version is that of the copy which registered first. */
export interface RegisteredApi {
  readonly version?: string;
  readonly diag?: unknown;
  readonly trace?: unknown;
  readonly logs?: unknown;
  readonly propagation?: unknown;
}

/** Undefined: nothing is registered. */
export function registeredApi(): RegisteredApi | undefined {
  return (globalThis as { [API_KEY]?: RegisteredApi })[API_KEY];
}

/** Whether the logs API is in `@opentelemetry/api`: OpenTelemetry 3.x. */
export function hasLogsApi(): boolean {
  return 'logs' in api;
}

/**
 * What to say when OpenTelemetry refuses a registration although nothing of that kind is registered: then another copy
 * of its API, of another version, was first.
 */
export function refusal(what: string): string {
  const first = registeredApi()?.version ?? 'of another version';
  return (
    `the registration of ${what} was refused, since another copy of @opentelemetry/api, ${first}, registered first: ` +
    'load burstlog before whatever brings that copy, or install one version for all (npm ls @opentelemetry/api)'
  );
}
