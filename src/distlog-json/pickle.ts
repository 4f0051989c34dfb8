import { WireError } from '../otlp/index.ts';
import { PickleBytes } from './pickle-bytes.ts';
import { type Constant, readConstant } from './pickle-constants.ts';

/**
 * Plain data of a pickle. An int is a number, or a bigint beyond 2^53; a float is a number, or `{ double }`
 * if it would look like an int; str is a string, bytes and bytearray a Uint8Array, list and tuple an array,
 * dict a Map, set and frozenset a Set. A list, dict or set can contain itself.
 */
export type PickleValue =
  | Constant
  | readonly PickleValue[]
  | ReadonlyMap<PickleValue, PickleValue>
  | ReadonlySet<PickleValue>;

const MAX_PROTOCOL = 5;
const MAX_MEMO = 100_000;
const MAX_STACK = 100_000;
const MAX_MARKS = 1_000;
const MAX_VALUES = 1_000_000;

/** Operations that create objects of classes, or call functions. They are never executed. */
const refused: ReadonlyMap<number, string> = new Map([
  [0x63, 'GLOBAL'],
  [0x93, 'STACK_GLOBAL'],
  [0x52, 'REDUCE'],
  [0x62, 'BUILD'],
  [0x69, 'INST'],
  [0x6f, 'OBJ'],
  [0x81, 'NEWOBJ'],
  [0x92, 'NEWOBJ_EX'],
  [0x82, 'EXT1'],
  [0x83, 'EXT2'],
  [0x84, 'EXT4'],
  [0x50, 'PERSID'],
  [0x51, 'BINPERSID'],
  [0x97, 'NEXT_BUFFER'],
  [0x98, 'READONLY_BUFFER'],
]);

/**
 * Reads a Python pickle, protocol 0 to 5 (CPython, Lib/pickletools.py), restricted to plain data: None, bool,
 * int, float, str, bytes, bytearray, list, tuple, dict, set, frozenset. A pickle is a program that Python
 * executes; this reader does not. An operation that would import, create or call something is refused by
 * name. So are bytes and sets of protocol 0 to 2, which are encoded as calls.
 *
 * Limits: 100,000 memo entries, 100,000 values on the stack, 1,000 marks, 1,000,000 values in all, integers
 * of 400 digits. Bytes after the end of the pickle are not read.
 *
 * @throws WireError that names the operation and its byte
 */
export function decodePickle(bytes: Uint8Array): PickleValue {
  return new PickleReader(bytes).run();
}

class PickleReader {
  readonly #in: PickleBytes;
  readonly #memo = new Map<number, PickleValue>();
  /** The values below each mark. */
  readonly #below: PickleValue[][] = [];
  #stack: PickleValue[] = [];
  #depth = 0;
  #values = 0;

  constructor(bytes: Uint8Array) {
    this.#in = new PickleBytes(bytes);
  }

  run(): PickleValue {
    for (;;) {
      const at = this.#in.at;
      const operation = this.#in.byte();
      if (operation === 0x2e) return this.#pop();
      const isKnown = this.#constant(operation) || this.#structure(operation) || this.#bookkeeping(operation);
      if (isKnown) continue;
      const name = refused.get(operation);
      if (name !== undefined) this.#in.fail(`${name} is refused: only plain data is read`, at);
      this.#in.fail(`operation 0x${operation.toString(16)} is unknown`, at);
    }
  }

  /** @returns whether the operation pushes a constant */
  #constant(operation: number): boolean {
    const value = readConstant(operation, this.#in);
    if (value === undefined) return false;
    this.#push(value);
    return true;
  }

  /** @returns whether the operation creates or fills a list, a dict or a set */
  #structure(operation: number): boolean {
    switch (operation) {
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        this.#push([]);
        break;
      case 0x7d: // EMPTY_DICT
        this.#push(new Map());
        break;
      case 0x8f: // EMPTY_SET
        this.#push(new Set());
        break;
      case 0x6c: // LIST
      case 0x74: // TUPLE
        this.#push(this.#popMark());
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.#push(this.#popSome(operation - 0x84));
        break;
      case 0x64: // DICT
        this.#push(this.#fill(new Map(), this.#popMark()));
        break;
      case 0x91: // FROZENSET
        this.#push(new Set(this.#popMark()));
        break;
      case 0x61: // APPEND
        this.#append([this.#pop()]);
        break;
      case 0x65: // APPENDS
        this.#append(this.#popMark());
        break;
      case 0x73: // SETITEM
        this.#setItems(this.#popSome(2));
        break;
      case 0x75: // SETITEMS
        this.#setItems(this.#popMark());
        break;
      case 0x90: // ADDITEMS
        this.#addItems(this.#popMark());
        break;
      default:
        return false;
    }
    return true;
  }

  /** @returns whether the operation is for the stack, the memo or frames */
  #bookkeeping(operation: number): boolean {
    const from = this.#in;
    switch (operation) {
      case 0x80: // PROTO
        if (from.byte() > MAX_PROTOCOL) from.fail(`a protocol above ${MAX_PROTOCOL} is unknown`, from.at - 1);
        break;
      case 0x95: // FRAME
        from.uint64();
        break;
      case 0x28: // MARK
        if (this.#below.length >= MAX_MARKS) from.fail(`there are more than ${MAX_MARKS} marks`, from.at);
        this.#below.push(this.#stack);
        this.#stack = [];
        break;
      case 0x30: // POP
        if (this.#stack.length === 0) this.#popMark();
        else this.#pop();
        break;
      case 0x31: // POP_MARK
        this.#popMark();
        break;
      case 0x32: // DUP
        this.#push(this.#top());
        break;
      case 0x70: // PUT
        this.#remember(from.decimal());
        break;
      case 0x71: // BINPUT
        this.#remember(from.byte());
        break;
      case 0x72: // LONG_BINPUT
        this.#remember(from.uint32());
        break;
      case 0x94: // MEMOIZE
        this.#remember(this.#memo.size);
        break;
      case 0x67: // GET
        this.#recall(from.decimal());
        break;
      case 0x68: // BINGET
        this.#recall(from.byte());
        break;
      case 0x6a: // LONG_BINGET
        this.#recall(from.uint32());
        break;
      default:
        return false;
    }
    return true;
  }

  #push(value: PickleValue): void {
    this.#values += 1;
    this.#depth += 1;
    if (this.#values > MAX_VALUES || this.#depth > MAX_STACK) {
      throw new WireError('too_large', `the pickle has too many values at byte ${this.#in.at}`);
    }
    this.#stack.push(value);
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    return value === undefined ? this.#in.fail('the stack is empty', this.#in.at) : value;
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    this.#depth -= 1;
    return value;
  }

  /** @returns the values in the order in which they were pushed */
  #popSome(count: number): PickleValue[] {
    if (this.#stack.length < count) this.#in.fail('the stack is too short', this.#in.at);
    this.#depth -= count;
    return this.#stack.splice(-count);
  }

  #popMark(): PickleValue[] {
    const values = this.#stack;
    this.#stack = this.#below.pop() ?? this.#in.fail('there is no mark', this.#in.at);
    this.#depth -= values.length;
    return values;
  }

  #append(values: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) this.#in.fail('only a list can be appended to', this.#in.at);
    for (const value of values) list.push(value);
  }

  #setItems(values: readonly PickleValue[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map)) this.#in.fail('only a dict has items', this.#in.at);
    this.#fill(dict, values);
  }

  #addItems(values: readonly PickleValue[]): void {
    const set = this.#top();
    if (!(set instanceof Set)) this.#in.fail('only a set can be added to', this.#in.at);
    for (const value of values) set.add(value);
  }

  #fill(dict: Map<PickleValue, PickleValue>, values: readonly PickleValue[]): Map<PickleValue, PickleValue> {
    if (values.length % 2 === 1) this.#in.fail('a key has no value', this.#in.at);
    for (let index = 0; index < values.length; index += 2) dict.set(values[index]!, values[index + 1]!);
    return dict;
  }

  #remember(index: number): void {
    if (this.#memo.size >= MAX_MEMO) this.#in.fail(`the memo has more than ${MAX_MEMO} entries`, this.#in.at);
    this.#memo.set(index, this.#top());
  }

  #recall(index: number): void {
    const value = this.#memo.get(index);
    this.#push(value === undefined ? this.#in.fail(`the memo has no entry ${index}`, this.#in.at) : value);
  }
}
