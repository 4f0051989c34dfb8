/** 10000-01-01, the first time whose year has five digits. */
const TOO_LATE = 253_402_300_800_000;

/** Formats a time of day in UTC: 06:12:36.123. */
export function clockText(millis: number): string {
  return isoText(millis)?.slice(11, 23) ?? '--:--:--.---';
}

/** Formats a time: 2026-11-21 06:12:36.123 UTC. */
export function instantText(millis: number): string {
  const text = isoText(millis);
  return text === undefined ? 'time unknown' : `${text.slice(0, 10)} ${text.slice(11, 23)} UTC`;
}

/**
 * Formats a time: 2026-11-21T06:12:36.123Z; undefined for 0, which means an unknown time, and beyond the year
 * 9999.
 */
export function isoText(millis: number): string | undefined {
  return millis > 0 && millis < TOO_LATE ? new Date(millis).toISOString() : undefined;
}
