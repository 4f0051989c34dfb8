import type { Timed } from './order.ts';

/** A duration as a tired reader takes it in: 850 µs, 412 ms, 1.24 s, 2 min 3 s, 3 h 5 min, 2 d 4 h. */
export function duration(seconds: number): string {
  if (seconds < 0.000_999_5) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 0.009_995) return `${(seconds * 1e3).toFixed(1)} ms`;
  if (seconds < 0.999_5) return `${Math.round(seconds * 1e3)} ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3_600) return pair(whole, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return pair(minutes, 60, 'h', 'min');
  return pair(Math.round(seconds / 3_600), 24, 'd', 'h');
}

function pair(value: number, base: number, big: string, small: string): string {
  const rest = value % base;
  const whole = `${count(Math.floor(value / base))} ${big}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small}`;
}

/** 1,234,567. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** 1 task, 1,204 tasks. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** 2026-11-21 06:12:36.123 UTC. */
export function instant(time: Timed): string {
  const text = isoOf(time);
  return text === undefined ? 'time unknown' : `${text.slice(0, 10)} ${text.slice(11, 23)} UTC`;
}

/** 06:12:36.123, UTC. */
export function clockTime(time: Timed): string {
  return isoOf(time)?.slice(11, 23) ?? '--:--:--.---';
}

/** Undefined for a record without a time, and beyond the year 9999. */
export function isoOf({ seconds, nanos }: Timed): string | undefined {
  const millis = seconds * 1e3 + Math.floor(nanos / 1e6);
  return millis > 0 && millis < 253_402_300_800_000 ? new Date(millis).toISOString() : undefined;
}

const SEVERITIES = ['TRACE', 'DEBUG', 'INFO ', 'WARN ', 'ERROR', 'FATAL'];

/** The name of a severity, five characters. */
export function severityName(severity: number): string {
  return SEVERITIES[Math.floor((severity - 1) / 4)] ?? '     ';
}
