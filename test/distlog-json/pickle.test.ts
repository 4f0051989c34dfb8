import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { decodePickle } from '../../src/distlog-json/index.ts';
import { expectEqual } from '../support/expect-equal.ts';

/** Made by fixtures/make-pickles.py. */
const fixtures: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(__dirname, 'fixtures/pickles.json'), 'utf8'),
);
const bytesOf = (name: string) => Buffer.from(fixtures[name]!, 'hex');
const text = (pickle: string) => Buffer.from(pickle, 'latin1');

const plain = new Map<string, unknown>([
  ['none', null],
  ['yes', true],
  ['no', false],
  ['small', 5],
  ['byte', 200],
  ['two', 65_000],
  ['four', -70_000],
  ['big', 2 ** 40],
  ['huge', -(2n ** 70n)],
  ['float', 1.5],
  ['whole', { double: 2 }],
  ['inf', Number.POSITIVE_INFINITY],
  ['text', 'straße ✓ 🚚\n'],
  ['long text', 'x'.repeat(300)],
  ['list', [1, [2, []]]],
  ['tuple', [1, 2, 3, 4]],
  [
    'dict',
    new Map<unknown, unknown>([
      [1, 'a'],
      [null, new Map()],
    ]),
  ],
]);

test.each([0, 1, 2, 3, 4, 5])('plain data of protocol %i is read', (protocol) => {
  expect(decodePickle(bytesOf(String(protocol)))).toEqual(plain);
});

test('bytes and sets of the newer protocols are read', () => {
  expect(decodePickle(bytesOf('new'))).toEqual(
    new Map<string, unknown>([
      ['bytes', new Uint8Array([0, 255])],
      ['array', new Uint8Array([97, 98])],
      ['set', new Set([1])],
      ['frozen', new Set(['x'])],
    ]),
  );
});

test('a str of Python 2 is read', () => {
  expect(decodePickle(text("S'a\\n\\x41\\'\\\\'\np0\n."))).toBe("a\nA'\\");
  expect(decodePickle(text('U\u0002hi.'))).toBe('hi');
});

test.each<[string, string, unknown]>([
  ['a mark that is taken back', 'N(0.', null],
  ['marked values that are taken back', 'I7\n(NN1.', 7],
  ['a value that is taken back', 'I7\nN0.', 7],
  ['a value twice', 'I7\n2\x86.', [7, 7]],
  ['an item of a list', ']I7\na.', [7]],
  ['an item of a dict', '}I1\nI2\ns.', new Map([[1, 2]])],
  ['items of a set', '\x8f(I1\nI2\n\x90.', new Set([1, 2])],
  ['a dict of marked values', '(I1\nI2\nd.', new Map([[1, 2]])],
  ['truth of protocol 0', '(I01\nI00\nI1\nt.', [true, false, 1]],
  ['the memo by its number', 'I7\np9\n0g9\n.', 7],
  ['the memo by its place', 'I7\n\x940h\x00.', 7],
  [
    'integers of every length',
    '(\x8a\x00\x8a\x01\xff\x8a\x02\x00\x80\x8b\x02\x00\x00\x00\xff\x7ft.',
    [0, -1, -32_768, 32_767],
  ],
  ['words of floats', '(Finf\nF-inf\nFnan\nF1.5\nF2\nt.', [1 / 0, -1 / 0, Number.NaN, 1.5, { double: 2 }]],
  ['a raw text', 'Va\\u00e4\\U0001f69a\\u005cn\n.', 'aä🚚\\n'],
  ['what stands behind the end', 'I7\n.cos\nsystem\n', 7],
])('%s: the operations do what they do in Python', (_name, pickle, expected) => {
  expect(decodePickle(text(pickle))).toEqual(expected);
});

test.each([
  ['GLOBAL', 'cos\nsystem\n.'],
  ['GLOBAL', "cos\nsystem\n(S'id'\ntR."],
  ['REDUCE', 'NNR.'],
  ['BUILD', 'NNb.'],
  ['INST', '(ios\nsystem\n.'],
  ['OBJ', '(No.'],
  ['NEWOBJ', 'NN\x81.'],
  ['NEWOBJ_EX', 'NNN\x92.'],
  ['STACK_GLOBAL', '\x8c\x02os\x8c\x06system\x93.'],
  ['EXT1', '\x82\x01.'],
  ['EXT2', '\x83\x01\x00.'],
  ['EXT4', '\x84\x01\x00\x00\x00.'],
  ['PERSID', 'Px\n.'],
  ['BINPERSID', 'NQ.'],
  ['NEXT_BUFFER', '\x97.'],
])('the operation %s is refused by its name', (name, pickle) => {
  expect(() => decodePickle(text(pickle))).toThrow(`${name} is refused`);
  expect(() => decodePickle(text(pickle))).toThrow(
    expect.objectContaining({ malformed: true, cause: 'pickle' }),
  );
});

test.each([
  ['nothing', ''],
  ['an unknown operation', '\xff.'],
  ['a text beyond the end', 'X\xff\xff\xff\x7fa.'],
  ['a length below zero', 'T\xff\xff\xff\xff.'],
  ['no end', 'N'],
  ['an empty stack', '.'],
  ['a pop of nothing', '0.'],
  ['an append to no list', 'NNa.'],
  ['an item of no dict', ']NNs.'],
  ['a key without a value', '}(Nu.'],
  ['no mark', 't.'],
  ['an unknown memo', 'h\x05.'],
  ['protocol 9', '\x80\x09N.'],
  ['an int of letters', 'Ix\n.'],
  ['a float of letters', 'Fx\n.'],
  ['too many digits', `I${'9'.repeat(1_000)}\n.`],
  ['too long an integer', `\x8b\x00\x10\x00\x00${'\x01'.repeat(4_096)}.`],
  ['too many marks', '('.repeat(2_000)],
  ['too much on the stack', 'N'.repeat(200_000)],
  ['too large a memo', Array.from({ length: 110_000 }, (_, index) => `Np${index}\n0`).join('')],
])('%s is refused', (_, pickle) => {
  expect(() => decodePickle(text(pickle))).toThrow(expect.objectContaining({ malformed: true }));
});

test('bounds are exact', () => {
  const read = (pickle: string) => () => decodePickle(text(pickle));
  expect(read('\x80\x05N.')).not.toThrow();
  expect(read('\x80\x06N.')).toThrow('a protocol above 5 is unknown at byte 1 of the pickle');
  expect(read(`${'('.repeat(1_000)}N.`)).not.toThrow();
  expect(read(`${'('.repeat(1_001)}N.`)).toThrow('there are more than 1000 marks at byte 1001 of the pickle');
  expect(read(`${'N'.repeat(100_000)}.`)).not.toThrow();
  expect(read(`${'N'.repeat(100_001)}.`)).toThrow(expect.objectContaining({ cause: 'too_large' }));
  expect(read(`N${'0N'.repeat(999_999)}.`)).not.toThrow();
  expect(read(`N${'0N'.repeat(1_000_000)}.`)).toThrow('the pickle has too many values');
  expect(decodePickle(text(`I${'9'.repeat(400)}\n.`))).toBe(10n ** 400n - 1n);
  expect(read(`I${'9'.repeat(401)}\n.`)).toThrow('expected an integer');
  expect(read(`\x8a\xc8${'\x01'.repeat(200)}.`)).not.toThrow();
  expect(read(`\x8a\xc9${'\x01'.repeat(201)}.`)).toThrow(
    'an integer must have at most 200 bytes, got 201, at byte',
  );
});

test('values that are popped from the stack do not count', () => {
  const half = 'N'.repeat(60_000);
  for (const taken of ['0'.repeat(60_000), '']) {
    const pickle = taken === '' ? `(${half}1${half}.` : `${half}${taken}${half}.`;
    expect(decodePickle(text(pickle))).toBeNull();
  }
  expect(decodePickle(text(`](${half}e(${half}e.`))).toHaveLength(120_000);
  expect(decodePickle(text(`${'NN\x860'.repeat(40_000)}N.`))).toBeNull();
});

test.each<[string, string, unknown]>([
  ['a tuple of one, two and three', '(I1\n\x85I1\nI2\n\x86I1\nI2\nI3\n\x87l.', [[1], [1, 2], [1, 2, 3]]],
  ['an empty tuple and list', '()]t.', [[], []]],
  [
    'bytes by their length in 1, 4 and 8 bytes',
    '(C\x01aB\x01\x00\x00\x00b\x8e\x01\0\0\0\0\0\0\0ct.',
    ['a', 'b', 'c'].map((each) => Uint8Array.from(Buffer.from(each))),
  ],
  [
    'texts by their length in 4 and 8 bytes',
    '(X\x01\x00\x00\x00a\x8d\x01\0\0\0\0\0\0\0bT\x01\x00\x00\x00ct.',
    ['a', 'b', 'c'],
  ],
  ['integers of 1, 2 and 4 bytes', '(K\xffM\xff\xffJ\xff\xff\xff\xfft.', [255, 65_535, -1]],
  ['a long of protocol 0', 'L-12345678901234567890L\n.', -12_345_678_901_234_567_890n],
  ['floats of protocol 0', '(F-0.5\nF1e300\nF.5\nt.', [-0.5, 1e300, 0.5]],
  ['the memo by its long number', 'I7\nr\x00\x01\x00\x000j\x00\x01\x00\x00.', 7],
  ['the memo by one byte', 'I7\nq\xc80h\xc8.', 7],
  ['a frame', '\x95\x02\0\0\0\0\0\0\0N.', null],
  ['a str in double quotes, with its escapes', 'S"a\\r\\t\\x4a\\q\\x4"\n.', 'a\r\tJqx4'],
  ['a text with escapes that are none', 'V\\u12\\U00110000\\x41\n.', '\\u12\\U00110000\\x41'],
  ['a dict within a set', '\x8f(N}I1\n\x90.', new Set([null, new Map(), 1])],
])('%s: %#', (_name, pickle, expected) => {
  expect(decodePickle(text(pickle))).toEqual(expected);
});

test('a truncated or changed pickle is read or refused, and has no other effect', () => {
  for (const name of Object.keys(fixtures)) {
    const bytes = bytesOf(name);
    const attempt = (changed: Uint8Array) => {
      try {
        decodePickle(changed);
      } catch (error) {
        expectEqual((error as { malformed?: unknown }).malformed, true);
      }
    };
    for (let end = 0; end < bytes.length; end += 1) attempt(bytes.subarray(0, end));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = byte;
        attempt(changed);
      }),
      { numRuns: 1_000 },
    );
  }
});

const python = spawnSync('python3', ['--version']).status === 0;

(python ? test : test.skip)('what the Python of this machine writes is read', () => {
  const { stdout, status } = spawnSync('python3', [join(__dirname, 'fixtures/make-pickles.py')], {
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  const made: Readonly<Record<string, string>> = JSON.parse(stdout);
  for (const protocol of [0, 1, 2, 3, 4, 5]) {
    expect(decodePickle(Buffer.from(made[protocol]!, 'hex'))).toEqual(plain);
  }
});
