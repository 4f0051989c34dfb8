const HALF = 0x1_0000_0000;

/** Writes a whole number below 2^53 as eight bytes, low ones first. */
export function writeWhole(target: Buffer, value: number, offset: number): void {
  target.writeUInt32LE(value % HALF, offset);
  target.writeUInt32LE(Math.floor(value / HALF), offset + 4);
}

/** Reads what {@link writeWhole} wrote. */
export function readWhole(source: Buffer, offset: number): number {
  return source.readUInt32LE(offset) + source.readUInt32LE(offset + 4) * HALF;
}

/** The bytes of a typed array as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
