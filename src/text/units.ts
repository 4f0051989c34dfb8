/** Parses and formats sizes and durations such as `64MiB` and `1h30m`. */

const byteUnits: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

const timeUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const BILLION = 1_000_000_000n;

/** @returns whole bytes; undefined if `text` is not a size. Only `0` may have no unit. */
export function parseSize(text: string): number | undefined {
  if (text === '0') return 0;
  const match = /^(\d{1,16}(?:\.\d{1,9})?) ?([A-Za-z]{1,3})$/.exec(text);
  if (match === null || !Object.hasOwn(byteUnits, match[2]!)) return undefined;
  return whole(billionths(match[1]!) * BigInt(byteUnits[match[2]!]!));
}

/** @returns whole milliseconds; undefined if `text` is not a duration. Only `0` may have no unit. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(?:\d{1,16}(?:\.\d{1,6})?(?:ms|[smhd])){1,5}$/.test(text)) return undefined;
  let sum = 0n;
  for (const [, number, unit] of text.matchAll(/([\d.]+)(ms|[smhd])/g))
    sum += billionths(number!) * BigInt(timeUnits[unit!]!);
  return whole(sum);
}

/** 67108864 -> `64MiB`. {@link parseSize} reads the result as the same number. */
export function showSize(bytes: number): string {
  return shown(bytes, [
    ['TiB', 2 ** 40],
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
    ['B', 1],
  ]);
}

/** 5400000 -> `90m`. {@link parseDuration} reads the result as the same number. */
export function showDuration(millis: number): string {
  return shown(millis, [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ]);
}

function shown(value: number, units: readonly (readonly [string, number])[]): string {
  if (value === 0) return '0';
  const [name, factor] = units.find(([, factor]) => value % factor === 0)!;
  return `${value / factor}${name}`;
}

/**
 * Exact: as a double, 16.1 x 1e9 is not a whole number. @param decimal with at most nine fractional digits
 */
function billionths(decimal: string): bigint {
  const [integer = '', fraction = ''] = decimal.split('.');
  return BigInt(integer + fraction.padEnd(9, '0'));
}

/** Undefined if the amount is not a whole number, or not a safe integer. */
function whole(amount: bigint): number | undefined {
  const value = Number(amount / BILLION);
  return amount % BILLION === 0n && Number.isSafeInteger(value) ? value : undefined;
}
