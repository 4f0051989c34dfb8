import type { Evidence } from './evidence.ts';

/**
 * Returns the destinations of log records according to the variables, as `start()` reads them.
 * `BURSTLOG_EXPORTER` (one name in any case) takes precedence over `OTEL_LOGS_EXPORTER` (a list).
 */
export function exportersIn(environment: Evidence['environment']): {
  readonly variable: string;
  readonly names: readonly string[];
} {
  const own = environment.BURSTLOG_EXPORTER?.trim().toLowerCase();
  if (own !== undefined && OWN.includes(own)) return { variable: 'BURSTLOG_EXPORTER', names: [own] };
  const listed = (environment.OTEL_LOGS_EXPORTER ?? '').split(',').map((name) => name.trim());
  const known = listed.filter((name) => LISTED.includes(name));
  return { variable: 'OTEL_LOGS_EXPORTER', names: known.length === 0 ? ['otlp'] : known };
}

/** Whether `start()` reads a declarative configuration instead of the variables. */
export function readsFile({ isStarted, environment }: Evidence): boolean {
  return isStarted && Boolean(environment.OTEL_CONFIG_FILE?.trim());
}

const OWN: readonly string[] = ['otlp', 'zmq', 'stdout', 'none'];
const LISTED: readonly string[] = ['otlp', 'console', 'none'];
