import { Severity } from './severity.ts';

/** The names, indexed by severity number. */
const NAMES = Object.keys(Severity);

/**
 * Returns the name of a severity, such as `INFO` for 9; undefined if the number is not an OpenTelemetry one.
 */
export function severityNameOf(severityNumber: number): string | undefined {
  return severityNumber > 0 ? NAMES[severityNumber] : undefined;
}

/** Level names of syslog, winston, Python, Java and .NET that are not OpenTelemetry names. */
const OTHER_NAMES: Readonly<Record<string, number>> = {
  FINEST: Severity.TRACE,
  SILLY: Severity.TRACE,
  VERBOSE: Severity.DEBUG,
  FINER: Severity.DEBUG,
  FINE: Severity.DEBUG2,
  HTTP: Severity.DEBUG3,
  CONFIG: Severity.DEBUG4,
  LOG: Severity.INFO,
  INFORMATION: Severity.INFO,
  INFORMATIONAL: Severity.INFO,
  NOTICE: Severity.INFO2,
  WARNING: Severity.WARN,
  ERR: Severity.ERROR,
  SEVERE: Severity.ERROR,
  EXCEPTION: Severity.ERROR,
  CRIT: Severity.ERROR2,
  CRITICAL: Severity.FATAL,
  ALERT: Severity.ERROR3,
  DPANIC: Severity.ERROR2,
  PANIC: Severity.FATAL,
  EMERG: Severity.FATAL,
  EMERGENCY: Severity.FATAL,
};

/**
 * Returns the severity of a level name such as `error`, `WARN2` or `Warning`; undefined for any other text.
 */
export function severityOfText(text: string): number | undefined {
  // All names are shorter.
  if (text.length > 16) return undefined;
  const name = text.trim().toUpperCase();
  if (name !== 'UNSPECIFIED' && Object.hasOwn(Severity, name)) return Severity[name as keyof typeof Severity];
  return Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined;
}

/**
 * Returns the severity of a record: its number or, if that is missing, the severity that its text names. 0
 * (UNSPECIFIED) if it has neither.
 */
export function severityOf(record: {
  readonly severityNumber?: number | undefined;
  readonly severityText?: string | undefined;
}): number {
  const number = record.severityNumber;
  if (typeof number === 'number' && number >= Severity.TRACE) return number;
  const text = record.severityText;
  return typeof text === 'string' ? (severityOfText(text) ?? Severity.UNSPECIFIED) : Severity.UNSPECIFIED;
}
