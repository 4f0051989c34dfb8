/** Bits of a limb: products of two, six of them added, stay below 2^53 and so are exact as doubles. */
const LIMB = 0x40_0000;
const LIMB_MASK = 0x3f_ffff;
/** 2^132, which is what stands above six limbs, is 20 modulo 2^130 - 5. */
const WRAP = 20;
const PRIME = 2n ** 130n - 5n;

/**
 * The authenticator of a message: Poly1305, in six limbs of 22 bits.
 * Source: RFC 8439, section 2.5
 * @param key 32 bytes that are used once
 * @returns 16 bytes
 */
export function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array {
  const keys = new DataView(key.buffer, key.byteOffset, 32);
  const [k0, k1, k2, k3] = [0, 4, 8, 12].map((at) => keys.getUint32(at, true)) as [
    number,
    number,
    number,
    number,
  ];
  // The clamped half of the key.
  const t0 = k0 & 0x0fffffff;
  const t1 = k1 & 0x0ffffffc;
  const t2 = k2 & 0x0ffffffc;
  const t3 = k3 & 0x0ffffffc;
  const r0 = t0 & LIMB_MASK;
  const r1 = ((t0 >>> 22) | (t1 << 10)) & LIMB_MASK;
  const r2 = ((t1 >>> 12) | (t2 << 20)) & LIMB_MASK;
  const r3 = (t2 >>> 2) & LIMB_MASK;
  const r4 = ((t2 >>> 24) | (t3 << 8)) & LIMB_MASK;
  const r5 = t3 >>> 14;
  const s1 = r1 * WRAP;
  const s2 = r2 * WRAP;
  const s3 = r3 * WRAP;
  const s4 = r4 * WRAP;
  const s5 = r5 * WRAP;
  let h0 = 0;
  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  let h5 = 0;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const last = new DataView(new ArrayBuffer(16));
  for (let at = 0; at < message.length; at += 16) {
    let block = view;
    let offset = at;
    let above = 1 << 18;
    if (at + 16 > message.length) {
      // The last block: a one behind its bytes, and zeros.
      block = last;
      offset = 0;
      above = 0;
      for (let byte = at; byte < message.length; byte++) last.setUint8(byte - at, message[byte]!);
      last.setUint8(message.length - at, 1);
    }
    const m0 = block.getUint32(offset, true);
    const m1 = block.getUint32(offset + 4, true);
    const m2 = block.getUint32(offset + 8, true);
    const m3 = block.getUint32(offset + 12, true);
    h0 += m0 & LIMB_MASK;
    h1 += ((m0 >>> 22) | (m1 << 10)) & LIMB_MASK;
    h2 += ((m1 >>> 12) | (m2 << 20)) & LIMB_MASK;
    h3 += (m2 >>> 2) & LIMB_MASK;
    h4 += ((m2 >>> 24) | (m3 << 8)) & LIMB_MASK;
    h5 += (m3 >>> 14) + above;
    const d0 = h0 * r0 + h1 * s5 + h2 * s4 + h3 * s3 + h4 * s2 + h5 * s1;
    let d1 = h0 * r1 + h1 * r0 + h2 * s5 + h3 * s4 + h4 * s3 + h5 * s2;
    let d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s5 + h4 * s4 + h5 * s3;
    let d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s5 + h5 * s4;
    let d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0 + h5 * s5;
    let d5 = h0 * r5 + h1 * r4 + h2 * r3 + h3 * r2 + h4 * r1 + h5 * r0;
    let carry = Math.floor(d0 / LIMB);
    h0 = d0 - carry * LIMB;
    d1 += carry;
    carry = Math.floor(d1 / LIMB);
    h1 = d1 - carry * LIMB;
    d2 += carry;
    carry = Math.floor(d2 / LIMB);
    h2 = d2 - carry * LIMB;
    d3 += carry;
    carry = Math.floor(d3 / LIMB);
    h3 = d3 - carry * LIMB;
    d4 += carry;
    carry = Math.floor(d4 / LIMB);
    h4 = d4 - carry * LIMB;
    d5 += carry;
    carry = Math.floor(d5 / LIMB);
    h5 = d5 - carry * LIMB;
    h0 += carry * WRAP;
    carry = Math.floor(h0 / LIMB);
    h0 -= carry * LIMB;
    h1 += carry;
  }
  let sum = 0n;
  for (const limb of [h5, h4, h3, h2, h1, h0]) sum = (sum << 22n) + BigInt(limb);
  sum = (sum % PRIME) + keys.getBigUint64(16, true) + (keys.getBigUint64(24, true) << 64n);
  const result = new Uint8Array(16);
  const target = new DataView(result.buffer);
  target.setBigUint64(0, BigInt.asUintN(64, sum), true);
  target.setBigUint64(8, BigInt.asUintN(64, sum >> 64n), true);
  return result;
}
