/** One field of a protobuf message, as it lies in the bytes. */
export interface WalkedField {
  readonly number: number;
  readonly wireType: number;
  /** Where its tag begins, where its content begins, and where it ends. */
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
  /** Of a varint: its value, exact up to 2^53. */
  readonly value: number;
}

/**
 * The fields of a protobuf message between two places, without reading into them.
 * @throws RangeError where the bytes are no message
 */
export function* fieldsOf(bytes: Uint8Array, from: number, to: number): Generator<WalkedField> {
  let at = from;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70 && at < to; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError(`a varint without end at byte ${at}`);
  };
  while (at < to) {
    const start = at;
    const tag = varint();
    const wireType = tag % 8;
    let contentStart = at;
    let value = 0;
    if (wireType === 0) value = varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      contentStart = at;
      at += length;
    } else throw new RangeError(`wire type ${wireType} at byte ${start}`);
    if (at > to) throw new RangeError(`a field past the end at byte ${start}`);
    yield { number: Math.floor(tag / 8), wireType, start, contentStart, end: at, value };
  }
}

/** The tag and length in front of a length-delimited field. */
export function lengthPrefix(fieldNumber: number, length: number): Uint8Array {
  const bytes = [fieldNumber * 8 + 2];
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
