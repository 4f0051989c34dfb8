type Bytes = Uint8Array | readonly number[];

/** A field of wire type 2. */
export function field(number: number, ...content: readonly Bytes[]): Buffer {
  const parts = content.map((part) => (part instanceof Uint8Array ? part : Buffer.from(part)));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([varint((number << 3) | 2), varint(length), ...parts]);
}

/** A whole number from 0 to 2^53. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
