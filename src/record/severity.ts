/**
 * Severity numbers of the OpenTelemetry log data model (specification/logs/data-model.md, "Field:
 * SeverityNumber"). Constants of our own: a named import of `SeverityNumber` from `@opentelemetry/api` fails
 * to link on api 1.9, which does not have it.
 */
export const Severity = {
  UNSPECIFIED: 0,
  TRACE: 1,
  TRACE2: 2,
  TRACE3: 3,
  TRACE4: 4,
  DEBUG: 5,
  DEBUG2: 6,
  DEBUG3: 7,
  DEBUG4: 8,
  INFO: 9,
  INFO2: 10,
  INFO3: 11,
  INFO4: 12,
  WARN: 13,
  WARN2: 14,
  WARN3: 15,
  WARN4: 16,
  ERROR: 17,
  ERROR2: 18,
  ERROR3: 19,
  ERROR4: 20,
  FATAL: 21,
  FATAL2: 22,
  FATAL3: 23,
  FATAL4: 24,
} as const;

/** A severity number, such as `Severity.INFO`. */
export type Severity = (typeof Severity)[keyof typeof Severity];

/** The name of a severity, such as `'DEBUG'`. */
export type SeverityName = Exclude<keyof typeof Severity, 'UNSPECIFIED'>;

/** A severity as an option value: a number from 1 to 24 (OTel's `SeverityNumber`) or its name. */
export type SeverityLike = SeverityName | number;

/** The expected value of a severity option, for error messages. */
export const EXPECTED_SEVERITY = 'a severity from 1 to 24 or a name such as "DEBUG", "INFO" or "ERROR"';

/** @returns the number of a severity, or undefined if `value` is not a severity */
export function severityNumber(value: unknown): number | undefined {
  if (typeof value === 'number')
    return Number.isInteger(value) && value >= 1 && value <= 24 ? value : undefined;
  const isName = typeof value === 'string' && value !== 'UNSPECIFIED' && Object.hasOwn(Severity, value);
  return isName ? Severity[value as SeverityName] : undefined;
}

/** @throws RangeError if `value` is not a severity */
export function parseSeverity(option: string, value: unknown): number {
  const number = severityNumber(value);
  if (number !== undefined) return number;
  const got = typeof value === 'string' ? JSON.stringify(value) : String(value);
  throw new RangeError(`${option} must be ${EXPECTED_SEVERITY}, got ${got}`);
}

/**
 * Returns the rank of a record: its severity, clamped to 1 to 24. Records of the lowest rank are dropped
 * first. A record without severity (UNSPECIFIED, NaN, not a number) ranks as INFO.
 */
export function rankOf(severityNumber: number | undefined): number {
  if (typeof severityNumber !== 'number' || !(severityNumber >= 1)) return Severity.INFO;
  return severityNumber > 24 ? 24 : severityNumber | 0;
}
