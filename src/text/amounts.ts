/** Formats a number with separators: 1,234,567. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Formats a number with its noun: 1 task, 1,204 tasks. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** Formats a duration with about three digits: 850 µs, 412 ms, 1.24 s, 2 min 3 s, 3 h 5 min, 2 d 4 h. */
export function durationText(seconds: number): string {
  if (!(seconds > 0)) return '0 s';
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

const SIZES = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const;

/** Formats a size with three digits: 512 B, 1.5 KiB, 64 MiB. */
export function sizeText(bytes: number): string {
  const [unit, length] = SIZES.find(([, factor]) => bytes >= factor) ?? ['B', 1];
  return `${Number((bytes / length).toPrecision(3))} ${unit}`;
}
