import { WireError } from '../otlp/index.ts';

const NEW_LINE = 0x0a;
/** latin1 maps each byte to one character. */
const ONE_BYTE_EACH = 'latin1';

/** Reads the arguments of a pickle's operations in sequence. */
export class PickleBytes {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  uint16(): number {
    return this.#bytes.readUInt16LE(this.#advance(2));
  }

  int32(): number {
    return this.#bytes.readInt32LE(this.#advance(4));
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#advance(4));
  }

  /** Exact up to 2^53; larger values exceed every valid length. */
  uint64(): number {
    return Number(this.#bytes.readBigUInt64LE(this.#advance(8)));
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#advance(8));
  }

  text(length: number): string {
    const start = this.#advance(length);
    return this.#bytes.toString('utf8', start, this.at);
  }

  /** A copy. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return new Uint8Array(this.#bytes.subarray(start, this.at));
  }

  /** The text up to the next line break, which is consumed. */
  line(): string {
    const end = this.#bytes.indexOf(NEW_LINE, this.at);
    if (end < 0) this.fail('a line is not terminated', this.at);
    const line = this.#bytes.toString(ONE_BYTE_EACH, this.at, end);
    this.at = end + 1;
    return line;
  }

  /** A line with a whole number from 0. */
  decimal(): number {
    const start = this.at;
    const line = this.line();
    return /^\d{1,15}$/.test(line) ? Number(line) : this.fail('expected a whole number', start);
  }

  fail(what: string, at: number): never {
    throw new WireError('pickle', `${what} at byte ${at} of the pickle`);
  }

  /** @returns the start of the bytes */
  #advance(length: number): number {
    const start = this.at;
    const left = this.#bytes.length - start;
    if (length < 0 || length > left) this.fail(`expected ${length} more bytes, got ${left}`, start);
    this.at = start + length;
    return start;
  }
}

/** A quoted str of Python 2 with backslash escapes; its bytes are read as UTF-8. */
export function unquoted(from: PickleBytes): string {
  const start = from.at;
  const quoted = /^(['"])(.*)\1$/.exec(from.line().trimEnd());
  if (quoted === null) return from.fail('a string has no quotes', start);
  const bytes = quoted[2]!.replaceAll(/\\(x[\da-fA-F]{2}|.)/g, (_, code: string) => {
    if (code.startsWith('x') && code.length === 3)
      return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return { n: '\n', r: '\r', t: '\t' }[code] ?? code;
  });
  return Buffer.from(bytes, ONE_BYTE_EACH).toString('utf8');
}

/** A text in Python's raw-unicode-escape. */
export function rawUnicode(line: string): string {
  return line.replaceAll(/\\u([\da-fA-F]{4})|\\U(00(?:0[\da-fA-F]|10)[\da-fA-F]{4})/g, (_, short, long) =>
    String.fromCodePoint(Number.parseInt(short ?? long, 16)),
  );
}
