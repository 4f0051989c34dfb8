import { types } from 'node:util';
import { errorText } from '../record/index.ts';

/** How many characters of an invalid header are kept. */
const MAX_REFUSED = 128;
/** How many values of an invalid header are kept. */
const MAX_REFUSED_VALUES = 8;
/** The longest list of numbers that is read as the bytes of a header. */
const MAX_OCTETS = 8_192;

/**
 * Whether a value means that no header was sent. Some carriers, such as gRPC metadata, return an empty list.
 */
export function isNothing(value: unknown): boolean {
  return (
    value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
  );
}

/**
 * Returns the text of a header in the formats of transports: text, bytes, bytes as a list of numbers or as a
 * Buffer in JSON, and the message attributes of SQS and SNS.
 * @returns undefined for anything else, including a list of several headers
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

/**
 * Reads `StringValue` and `BinaryValue` (AWS SDK, or in camel case in Lambda events), or `Type` and `Value`
 * (SNS).
 */
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

/** Returns the values of a header. A header that was sent several times has several values. */
export function valuesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) && !isOctets(value) ? value : [value];
}

/** Returns the text of an invalid header for a record, truncated and with printable ASCII only. */
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
