import { types } from 'node:util';
import { errorText } from '../record/index.ts';

/** How much of a refused header is kept, in characters. */
const MAX_REFUSED = 128;
/** How many of its values. */
const MAX_REFUSED_VALUES = 8;
/** No header is as long; a longer list of numbers is not taken for the bytes of one. */
const MAX_OCTETS = 8_192;

/** Nothing was sent. Some carriers, as the metadata of gRPC, answer with an empty list. */
export function isNothing(value: unknown): boolean {
  return (
    value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
  );
}

/**
 * The text of a header as transports have it: text, bytes, bytes as a list of numbers or as a Buffer in JSON, and the
 * attributes of messages of SQS and SNS.
 * @returns undefined for anything else, a list of several headers among it
 */
export function headerText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const bytes = bytesOf(value);
  return bytes === undefined ? attributeText(value) : bytes.toString('latin1');
}

function bytesOf(value: object): Buffer | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (types.isAnyArrayBuffer(value)) return Buffer.from(value);
  const { type, data } = value as { type?: unknown; data?: unknown };
  const list: unknown = type === 'Buffer' ? data : value;
  return isOctets(list) ? Buffer.from(list) : undefined;
}

function isOctets(value: unknown): value is number[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_OCTETS) return false;
  return value.every((octet) => Number.isInteger(octet) && octet >= 0 && octet <= 255);
}

/** The SDK of AWS has `StringValue` and `BinaryValue`, a Lambda event the same in lower case; SNS a type and a value. */
function attributeText(value: object): string | undefined {
  const { StringValue, stringValue, BinaryValue, binaryValue, Type, Value } = value as Record<
    string,
    unknown
  >;
  const text = StringValue ?? stringValue ?? (Type === 'Binary' ? undefined : Value);
  if (typeof text === 'string') return text;
  const binary = BinaryValue ?? binaryValue ?? Value;
  if (typeof binary === 'string') return Buffer.from(binary, 'base64').toString('latin1');
  return binary instanceof Uint8Array ? headerText(binary) : undefined;
}

/** A header that was sent several times has several values. */
export function valuesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) && !isOctets(value) ? value : [value];
}

/** What was refused, so that a reader sees it: not longer than a header would be, and nothing but printable. */
export function shownHeader(value: unknown): string {
  let text: string;
  try {
    const values = valuesOf(value).slice(0, MAX_REFUSED_VALUES);
    text =
      headerText(value) ??
      (Array.isArray(value) ? values.map((one) => headerText(one) ?? typeof one).join(', ') : String(value));
  } catch (error) {
    text = errorText(error);
  }
  const printable = text.slice(0, MAX_REFUSED * 2).replace(/[^\x20-\x7e]/g, '?');
  return printable.length > MAX_REFUSED ? `${printable.slice(0, MAX_REFUSED - 3)}...` : printable;
}
