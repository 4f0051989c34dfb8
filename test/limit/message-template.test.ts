import fc from 'fast-check';
import { explicitFingerprint, fingerprintOf, spanFingerprint } from '../../src/limit/index.ts';
import { messageTemplate } from '../../src/limit/message-template.ts';
import { TokenBucket } from '../../src/limit/token-bucket.ts';

describe('the template of a message', () => {
  test.each([
    // Words are kept, numbers are replaced.
    ['the order failed', 'the order failed'],
    ['order 17 failed', 'order # failed'],
    ['took 12.5 ms', 'took #.# ms'],
    ['9', '#'],
    ['', ''],
    ['-- ?!', '-- ?!'],
    // A short word keeps its letters, unless they could be hexadecimal digits.
    ['shar7 of v12x', 'shar# of v#x'],
    ['s3 x9', 's# x#'],
    ['e5 c3', '# #'],
    // An id: six characters or more, with a digit.
    ['job1x a', 'job#x a'],
    ['job12x a', '# a'],
    ['jobs1x', '#'],
    ['user usr_8Fh3kLq2', 'user usr_#'],
    // Hexadecimal numbers: with a digit, or from eight characters on.
    ['ab1', '#'],
    ['facade', 'facade'],
    ['defaced', 'defaced'],
    ['deadbeef', '#'],
    ['DEADBEEF', '#'],
    ['deadbeeg', 'deadbeeg'],
    ['0xzz', '#'],
    ['0x1f', '#'],
    ['9a', '#'],
    ['9z', '#z'],
    // UUIDs: after the first group the others are numbers, even without a digit.
    ['9f3a1c2e-abcd-beef-cafe-001122334455', '#-#-#-#-#'],
    ['9-abc', '#-#'],
    ['9-abg', '#-abg'],
    // A group that follows #, whether it is a replacement or was in the message.
    ['issue #-abc', 'issue #-#'],
    ['z1-abc', 'z#-#'],
    ['1z-abc', '#z-abc'],
    ['-abc', '-abc'],
    ['12 -abc', '# -abc'],
    ['x-abc', 'x-abc'],
    // Quoted text; an apostrophe in a word is none.
    ['user "ann" is gone', 'user # is gone'],
    ["file 'a.txt' is gone", 'file # is gone'],
    ['key `a` is gone', 'key # is gone'],
    ['"" and ``', '# and #'],
    ["can't read, don't write", "can't read, don't write"],
    ["'a' 'b'", '# #'],
    ['an open " stays', 'an open " stays'],
    ["x 'y", "x 'y"],
    ['"a\'b" c', '# c'],
    ['say"word"', 'say#'],
    // ASCII letters only; the characters next to them in the table are not letters.
    ['größe @[`{ /:', 'größe @[`{ /:'],
    ['Az zA', 'Az zA'],
    ['a/b:c@d[e', 'a/b:c@d[e'],
  ])('%j is %j', (message, template) => {
    expect(messageTemplate(message)).toBe(template);
  });

  test('is computed from 256 characters, and has at most 200', () => {
    expect(messageTemplate('y'.repeat(300))).toBe('y'.repeat(200));
    expect(messageTemplate(`${'12 '.repeat(85)}y`)).toBe(`${'# '.repeat(85)}y`);
    expect(messageTemplate(`${'12 '.repeat(85)} y`)).toBe(`${'# '.repeat(85)} `);
  });

  test('may end with a quotation that ends after the characters that are read', () => {
    expect(messageTemplate(`say "${'y'.repeat(300)}" twice`)).toBe('say #');
  });

  test('of any text is not longer than the text, has no digit, and is its own template unless it contains #-', () => {
    fc.assert(
      fc.property(fc.string(), (message) => {
        const template = messageTemplate(message);
        expect(template.length).toBeLessThanOrEqual(message.length);
        expect(template).not.toMatch(/[0-9]/);
        if (!template.includes('#-') && !/["'`]/.test(template))
          expect(messageTemplate(template)).toBe(template);
      }),
    );
  });
});

describe('a fingerprint', () => {
  const record = (attributes: object, body: unknown = '', name = 'shop') =>
    ({ attributes, body, instrumentationScope: { name } }) as unknown as Parameters<typeof fingerprintOf>[0];
  const thrown = (stack: unknown, message: unknown = 'no') =>
    record({ 'exception.type': 'E', 'exception.message': message, 'exception.stacktrace': stack });
  const frames = (count: number, file: string) => `\n    at f (${file}:1:2)`.repeat(count);

  test('does not change between versions, so that known errors stay known', () => {
    expect(fingerprintOf(record({}, 'order 17 failed'))).toBe('v1:c6ba02a380365246');
    expect(fingerprintOf(thrown(`E: no${frames(1, '/app/a.js')}`))).toBe('v1:c22c8f8ebbd34d9c');
    expect(spanFingerprint('span_error', 'GET /cart/7')).toBe('v1:7cdb5cc39faabf2e');
  });

  test('that is explicit is used up to 128 characters, and hashed if it is longer', () => {
    expect(explicitFingerprint('x'.repeat(128))).toBe('x'.repeat(128));
    expect(explicitFingerprint('x'.repeat(129))).toMatch(/^v1:[0-9a-f]{16}$/);
    expect(fingerprintOf(record({ 'error.fingerprint': '' }, 'a'))).toBe(fingerprintOf(record({}, 'a')));
    expect(fingerprintOf(record({ 'error.fingerprint': 5 }, 'a'))).toBe(fingerprintOf(record({}, 'a')));
  });

  test('searches frames of the application in the first fifty lines of a stack', () => {
    const own = frames(1, '/app/a.js');
    const library = (count: number) => frames(count, '/app/node_modules/lib/l.js');
    const alone = fingerprintOf(thrown(`E: no${own}`));
    expect(fingerprintOf(thrown(`E: no${library(49)}${own}`))).toBe(alone);
    const none = fingerprintOf(thrown(`E: no${library(50)}${own}`));
    expect(none).not.toBe(alone);
    expect(none).toBe(fingerprintOf(thrown(undefined)));
  });

  test.each([
    ['native code', '\n    at Array.map (native)'],
    ['Node.js', '\n    at node:internal/timers:5:1'],
    ['a library', '\n    at l (/app/node_modules/l/l.js:1:1)'],
  ])('does not count a frame of %s', (_name, frame) => {
    const own = frames(1, '/app/a.js');
    expect(fingerprintOf(thrown(`E: no${frame}${own}`))).toBe(fingerprintOf(thrown(`E: no${own}`)));
  });

  test('skips lines between frames, and uses three frames', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => frames(1, `/app/${name}.js`));
    const three = fingerprintOf(thrown(`E: no${a}${b}${c}`));
    expect(fingerprintOf(thrown(`E: no\n  more of the message${a}\n    [cause]: x${b}${c}${d}`))).toBe(three);
    expect(fingerprintOf(thrown(`E: no${a}${b}`))).not.toBe(three);
  });

  test('of an object is that of its message, otherwise of its msg, otherwise of its first twenty keys', () => {
    const of = (body: unknown) => fingerprintOf(record({}, body));
    expect(of({ message: 'a', msg: 'b' })).toBe(of('a'));
    expect(of({ message: null, msg: 'b' })).toBe(of('b'));
    expect(of({ message: 5 })).toBe(of('message'));
    const keys = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]));
    expect(of(keys(20))).toBe(of(keys(21)));
    expect(of(keys(19))).not.toBe(of(keys(20)));
    expect(of(null)).toBe(of(undefined));
    expect(of(5)).toBe(of(''));
  });

  test('of a record that cannot be read is v1:unreadable', () => {
    expect(fingerprintOf(null as never)).toBe('v1:unreadable');
  });
});

describe('a token bucket', () => {
  test('takes whole amounts, down to what is reserved, and no more than it holds', () => {
    const bucket = new TokenBucket(10, 1_000, 500);
    expect(bucket.take(11, 0, 500)).toBe(false);
    expect(bucket.take(6, 5, 500)).toBe(false);
    expect(bucket.take(5, 5, 500)).toBe(true);
    expect(bucket.take(1, 5, 500)).toBe(false);
    expect(bucket.take(5, 0, 500)).toBe(true);
    expect(bucket.take(1, 0, 500)).toBe(false);
    expect(bucket.take(0, 0, 500)).toBe(true);
  });

  test('fills evenly with time, even if it is used often, and never over its size', () => {
    const bucket = new TokenBucket(10, 1_000, 0);
    expect(bucket.take(10, 0, 0)).toBe(true);
    expect(bucket.take(1, 0, 50)).toBe(false);
    expect(bucket.take(1, 0, 99)).toBe(false);
    expect(bucket.take(1, 0, 100)).toBe(true);
    expect(bucket.take(1, 0, 101)).toBe(false);
    expect(bucket.take(4, 0, 500)).toBe(true);
    expect(bucket.take(11, 0, 1e9)).toBe(false);
    expect(bucket.take(10, 0, 1e9)).toBe(true);
  });

  test('with an infinite time never refills', () => {
    const bucket = new TokenBucket(2, Number.POSITIVE_INFINITY, 0);
    expect([bucket.take(2, 0, 0), bucket.take(1, 0, 1e12)]).toEqual([true, false]);
  });
});
