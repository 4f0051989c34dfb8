import type { Evidence } from './evidence.ts';

/**
 * Where the log records of a process go by its variables, as `start()` reads them: `BURSTLOG_EXPORTER`, one name in any
 * case, goes before `OTEL_LOGS_EXPORTER`, a list.
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

/** `start()` reads a declarative configuration in the place of the variables. */
export function readsFile({ isStarted, environment }: Evidence): boolean {
  return isStarted && Boolean(environment.OTEL_CONFIG_FILE?.trim());
}

const OWN: readonly string[] = ['otlp', 'zmq', 'stdout', 'none'];
const LISTED: readonly string[] = ['otlp', 'console', 'none'];
