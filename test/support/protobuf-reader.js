// Reads the protobuf wire format (https://protobuf.dev/programming-guides/encoding), field by field.

const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 };

/**
 * One field of a message: a bigint for a varint and a fixed64, a number for a fixed32, else the bytes.
 *
 * @typedef {{ number: number, wireType: number, value: bigint | number | Uint8Array }} Field
 */

/**
 * The fields of a message in the order in which they stand in the bytes.
 *
 * @param {Uint8Array} bytes
 * @returns {Generator<Field, void, void>}
 * @throws {RangeError} where the bytes end inside a field or are no protobuf
 */
export function* readFields(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const readVarint = () => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = view.getUint8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError(`a varint of more than ten bytes ends at byte ${at}`);
  };

  while (at < bytes.length) {
    const tag = Number(readVarint());
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (wireType === wireTypes.varint) {
      yield { number, wireType, value: readVarint() };
    } else if (wireType === wireTypes.fixed64) {
      at += 8;
      yield { number, wireType, value: view.getBigUint64(at - 8, true) };
    } else if (wireType === wireTypes.fixed32) {
      at += 4;
      yield { number, wireType, value: view.getUint32(at - 4, true) };
    } else if (wireType === wireTypes.bytes) {
      const length = Number(readVarint());
      if (at + length > bytes.length) {
        throw new RangeError(`field ${number} has ${length} bytes, but ${bytes.length - at} are left`);
      }
      at += length;
      yield { number, wireType, value: bytes.subarray(at - length, at) };
    } else {
      throw new RangeError(`field ${number} has wire type ${wireType}, which is unknown`);
    }
  }
}

/** @param {Field} field @returns {Uint8Array} */
export function asBytes(field) {
  if (field.value instanceof Uint8Array) return field.value;
  throw new RangeError(`field ${field.number} must be length-delimited, got wire type ${field.wireType}`);
}

/** @param {Field} field @returns {string} */
export function asText(field) {
  return new TextDecoder('utf-8', { fatal: true }).decode(asBytes(field));
}

/** An unsigned integer of up to 64 bits. @param {Field} field @returns {bigint} */
export function asUnsigned(field) {
  if (field.value instanceof Uint8Array) {
    throw new RangeError(`field ${field.number} must be an integer, got wire type ${field.wireType}`);
  }
  return BigInt(field.value);
}

/** A double, which travels as a fixed64. @param {Field} field @returns {number} */
export function asDouble(field) {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, asUnsigned(field));
  return view.getFloat64(0);
}
