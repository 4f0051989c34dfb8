/** Source: https://rfc.zeromq.org/spec/32/ (Z85) */
const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** @param bytes a multiple of four bytes */
export function encodeZ85(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let offset = 0; offset < bytes.length; offset += 4) {
    const value = view.getUint32(offset);
    for (const factor of [52_200_625, 614_125, 7_225, 85, 1])
      text += alphabet[Math.floor(value / factor) % 85];
  }
  return text;
}

/** @returns undefined if `text` is not Z85 */
export function decodeZ85(text: string): Uint8Array | undefined {
  if (text.length % 5 !== 0) return undefined;
  const bytes = new Uint8Array((text.length / 5) * 4);
  const view = new DataView(bytes.buffer);
  for (let group = 0; group * 5 < text.length; group += 1) {
    let value = 0;
    for (const character of text.slice(group * 5, group * 5 + 5)) {
      const digit = alphabet.indexOf(character);
      if (digit < 0) return undefined;
      value = value * 85 + digit;
    }
    if (value > 0xffff_ffff) return undefined;
    view.setUint32(group * 4, value);
  }
  return bytes;
}
