import { ProtobufReader } from './protobuf-reader.ts';

/** Iterates over the fields of messages without decoding their content. */
export class FieldWalk {
  readonly #bytes: Buffer;
  readonly #in: ProtobufReader;
  /** Start of the last field that was found (its tag), and the end of its content. */
  start = 0;
  contentEnd = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#in = new ProtobufReader(bytes);
  }

  get at(): number {
    return this.#in.at;
  }

  set at(at: number) {
    this.#in.at = at;
  }

  /**
   * Moves to the content of the next field with this tag.
   * @returns false if there is none before `end`
   */
  next(wanted: number, end: number): boolean {
    const reader = this.#in;
    while (reader.at < end) {
      this.start = reader.at;
      const tag = reader.tag(end);
      if (tag !== wanted) reader.skip(tag, end);
      else {
        this.contentEnd = reader.lengthDelimited(end);
        return true;
      }
    }
    return false;
  }

  /** Copies all fields of a message except those with one tag. Does not change the position. */
  allBut(tag: number, end: number): Uint8Array {
    const begin = this.at;
    let size = 0;
    for (let at = begin; at < end; at = this.at) if (this.#skip(end) !== tag) size += this.at - at;
    this.at = begin;
    const others = Buffer.allocUnsafe(size);
    let filled = 0;
    for (let at = begin; filled < size; at = this.at) {
      if (this.#skip(end) !== tag) filled += this.#bytes.copy(others, filled, at, this.at);
    }
    this.at = begin;
    return others;
  }

  /** @returns the tag of the field that was skipped */
  #skip(end: number): number {
    const tag = this.#in.tag(end);
    this.#in.skip(tag, end);
    return tag;
  }
}
