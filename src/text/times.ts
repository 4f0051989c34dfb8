/** 10000-01-01, the first time that needs five digits for the year. */
const TOO_LATE = 253_402_300_800_000;

/** 06:12:36.123, UTC. */
export function clockText(millis: number): string {
  return isoText(millis)?.slice(11, 23) ?? '--:--:--.---';
}

/** 2026-11-21 06:12:36.123 UTC. */
export function instantText(millis: number): string {
  const text = isoText(millis);
  return text === undefined ? 'time unknown' : `${text.slice(0, 10)} ${text.slice(11, 23)} UTC`;
}

/** 2026-11-21T06:12:36.123Z; undefined for 0, which says that the time is unknown, and beyond the year 9999. */
export function isoText(millis: number): string | undefined {
  return millis > 0 && millis < TOO_LATE ? new Date(millis).toISOString() : undefined;
}
