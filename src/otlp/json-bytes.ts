/**
 * Reads a `bytesValue` of OTLP/JSON: text in base64. Old JavaScript exporters (0.203) write the output of
 * JSON.stringify for a Uint8Array, `{"0":1,"1":2}`, or for a Buffer, `{"type":"Buffer","data":[1,2]}`; both
 * are accepted.
 *
 * @returns undefined for any other value
 */
export function bytesOfJson(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') {
    return /^[A-Za-z0-9+/_-]*={0,2}$/.test(value) ? new Uint8Array(Buffer.from(value, 'base64')) : undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { type, data } = value as { readonly type?: unknown; readonly data?: unknown };
  const bytes: readonly unknown[] = type === 'Buffer' && Array.isArray(data) ? data : Object.values(value);
  const isList = bytes === data || Object.keys(value).every((key, at) => key === String(at));
  return isList && bytes.every(isByte) ? Uint8Array.from(bytes as readonly number[]) : undefined;
}

function isByte(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xff;
}
