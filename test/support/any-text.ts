import fc from 'fast-check';

/** Any code point but the halves of surrogate pairs. */
const character = fc
  .nat(0x10_ffff - 0x800)
  .map((number) => String.fromCodePoint(number < 0xd800 ? number : number + 0x800));
const names = fc.constantFrom('__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty');

/**
 * What `fc.string({ unit: 'binary' })` gives: text of any characters, now and then a name that objects have. That one
 * takes a second to be made, because it makes a table of all characters.
 */
export function anyText(maxLength?: number): fc.Arbitrary<string> {
  const text = fc.string({ unit: character, ...(maxLength === undefined ? {} : { maxLength }) });
  return fc.oneof({ weight: 19, arbitrary: text }, { weight: 1, arbitrary: names });
}
