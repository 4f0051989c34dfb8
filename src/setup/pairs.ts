/**
 * Parses a list of pairs such as `api-key=1234,tenant=a%20b`, the format of `OTEL_EXPORTER_OTLP_HEADERS`.
 * @throws Error without the values, which may be secrets
 */
export function pairsIn(name: string, list: unknown): Readonly<Record<string, string>> {
  const pairs = String(list ?? '')
    .split(',')
    .filter((pair) => pair.trim() !== '');
  try {
    return Object.fromEntries(pairs.map(pairOf));
  } catch {
    throw new Error(`${name} must be a list of key=value, percent-encoded, such as a=1,b=2`);
  }
}

function pairOf(pair: string): readonly [key: string, value: string] {
  const at = pair.indexOf('=');
  const key = pair.slice(0, Math.max(0, at)).trim();
  if (key === '') throw new Error('no key');
  return [decodeURIComponent(key), decodeURIComponent(pair.slice(at + 1).trim())];
}
