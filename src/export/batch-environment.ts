import { diag } from '@opentelemetry/api';

/** What the environment says of a batch processor. */
export interface BatchEnvironment {
  readonly maxQueueSize?: number;
  readonly maxExportBatchSize?: number;
  readonly scheduledDelayMillis?: number;
  readonly exportTimeoutMillis?: number;
}

/**
 * The variables of the specification ("Batch LogRecord Processor" of its environment variables). An empty one
 * counts as not set; one that is no whole number from `min` is ignored with a warning, as the specification
 * wants it.
 */
const VARIABLES = [
  ['OTEL_BLRP_MAX_QUEUE_SIZE', 'maxQueueSize', 1],
  ['OTEL_BLRP_MAX_EXPORT_BATCH_SIZE', 'maxExportBatchSize', 1],
  ['OTEL_BLRP_SCHEDULE_DELAY', 'scheduledDelayMillis', 0],
  ['OTEL_BLRP_EXPORT_TIMEOUT', 'exportTimeoutMillis', 1],
] as const;

/** Reads them. Never throws. */
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
