import { diag } from '@opentelemetry/api';

/** The settings of a batch processor from environment variables. */
export interface BatchEnvironment {
  readonly maxQueueSize?: number;
  readonly maxExportBatchSize?: number;
  readonly scheduledDelayMillis?: number;
  readonly exportTimeoutMillis?: number;
}

/**
 * The environment variables of the specification ("Batch LogRecord Processor"). As it requires, an empty
 * value counts as unset, and an invalid value (not a whole number of at least `min`) is ignored with a
 * warning.
 */
const VARIABLES = [
  ['OTEL_BLRP_MAX_QUEUE_SIZE', 'maxQueueSize', 1],
  ['OTEL_BLRP_MAX_EXPORT_BATCH_SIZE', 'maxExportBatchSize', 1],
  ['OTEL_BLRP_SCHEDULE_DELAY', 'scheduledDelayMillis', 0],
  ['OTEL_BLRP_EXPORT_TIMEOUT', 'exportTimeoutMillis', 1],
] as const;

/** Reads the environment variables. Never throws. */
export function batchEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): BatchEnvironment {
  const found: { -readonly [Name in keyof BatchEnvironment]: BatchEnvironment[Name] } = {};
  for (const [variable, name, min] of VARIABLES) {
    const text = environment[variable]?.trim();
    if (text === undefined || text === '') continue;
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= min) found[name] = value;
    else
      diag.warn(`${variable} must be a whole number from ${min}, got ${JSON.stringify(text)}; it is ignored`);
  }
  return found;
}
