import { doubleValue, intValue, type WholeDouble } from '../otlp/index.ts';
import { type PickleBytes, rawUnicode, unquoted } from './pickle-bytes.ts';

const MAX_DIGITS = 400;

/** A scalar value of a pickle. */
export type Constant = null | boolean | number | bigint | string | Uint8Array | WholeDouble;

/**
 * Reads the value that follows an operation in the bytes.
 * @returns undefined if the operation does not push a constant
 */
export function readConstant(operation: number, from: PickleBytes): Constant | undefined {
  switch (operation) {
    case 0x4e: // NONE
      return null;
    case 0x88: // NEWTRUE
      return true;
    case 0x89: // NEWFALSE
      return false;
    case 0x49: // INT
      return shortInt(from);
    case 0x4a: // BININT
      return from.int32();
    case 0x4b: // BININT1
      return from.byte();
    case 0x4d: // BININT2
      return from.uint16();
    case 0x4c: // LONG
      return decimal(from, from.line().replace(/L$/, ''));
    case 0x8a: // LONG1
      return long(from, from.byte());
    case 0x8b: // LONG4
      return long(from, from.int32());
    case 0x46: // FLOAT
      return float(from);
    case 0x47: // BINFLOAT
      return doubleValue(from.double());
    case 0x53: // STRING
      return unquoted(from);
    case 0x56: // UNICODE
      return rawUnicode(from.line());
    case 0x54: // BINSTRING
      return from.text(from.int32());
    case 0x55: // SHORT_BINSTRING
    case 0x8c: // SHORT_BINUNICODE
      return from.text(from.byte());
    case 0x58: // BINUNICODE
      return from.text(from.uint32());
    case 0x8d: // BINUNICODE8
      return from.text(from.uint64());
    case 0x42: // BINBYTES
      return from.bytes(from.uint32());
    case 0x43: // SHORT_BINBYTES
      return from.bytes(from.byte());
    case 0x8e: // BINBYTES8
    case 0x96: // BYTEARRAY8
      return from.bytes(from.uint64());
    default:
      return undefined;
  }
}

function shortInt(from: PickleBytes): Constant {
  const line = from.line();
  if (line === '00') return false;
  return line === '01' ? true : decimal(from, line);
}

function decimal(from: PickleBytes, text: string): Constant {
  if (text.length > MAX_DIGITS || !/^-?\d+$/.test(text)) from.fail('expected an integer', from.at);
  return intValue(BigInt(text));
}

function long(from: PickleBytes, length: number): Constant {
  const bytes = from.bytes(length);
  if (length > MAX_DIGITS / 2)
    from.fail(`an integer must have at most ${MAX_DIGITS / 2} bytes, got ${length},`, from.at);
  const hex = Buffer.from(bytes).reverse().toString('hex');
  return length === 0 ? 0 : intValue(BigInt.asIntN(length * 8, BigInt(`0x${hex}`)));
}

function float(from: PickleBytes): Constant {
  const line = from.line();
  const word = /^(-?)(inf|nan)$/.exec(line);
  if (word?.[2] === 'nan') return Number.NaN;
  if (word !== null) return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (!/^-?[\d.][\d.e+-]{0,40}$/.test(line)) from.fail('expected a float', from.at);
  return doubleValue(Number(line));
}
