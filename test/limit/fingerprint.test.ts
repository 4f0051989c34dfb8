import { diag } from '@opentelemetry/api';
import * as fc from 'fast-check';
import { fingerprintOf } from '../../src/limit/index.ts';
import { listen } from '../support/diag-listener.ts';
import { pipeline } from '../support/pipeline.ts';

const fingerprint = (body: unknown, attributes: object = {}, eventName?: string, name = 'shop') =>
  fingerprintOf({
    hrTime: [0, 0],
    hrTimeObserved: [0, 0],
    body,
    eventName,
    resource: { attributes: {} },
    instrumentationScope: { name },
    attributes,
    droppedAttributesCount: 0,
  });

const thrown = (stack: string, type = 'TypeError', message = 'no such order') => ({
  'exception.type': type,
  'exception.message': message,
  'exception.stacktrace': stack,
});

describe('an exception', () => {
  const stack = (line: number, message = 'no such order') =>
    [
      `TypeError: ${message}`,
      '    at Array.map (<anonymous>)',
      '    at node:internal/process/task_queues:95:5',
      `    at findOrder (/app/orders.js:${line}:13)`,
      '    at Layer.handle (/app/node_modules/express/lib/router/layer.js:95:5)',
      `    at async file:///app/routes.mjs:${line + 3}:7`,
    ].join('\n');

  test('is the same if its lines have moved or its message differs', () => {
    expect(fingerprint('failed', thrown(stack(12)))).toBe(
      fingerprint('another text', thrown(stack(80, 'no order 17'), 'TypeError', 'no order 17')),
    );
  });

  test('differs if its type, a function or a file differs', () => {
    const all = [
      thrown(stack(12)),
      thrown(stack(12), 'RangeError'),
      thrown(stack(12).replace('findOrder', 'findCart')),
      thrown(stack(12).replace('orders.js', 'carts.js')),
      thrown(stack(12).replace('routes.mjs', 'other.mjs')),
    ].map((attributes) => fingerprint('failed', attributes));
    expect(new Set(all).size).toBe(all.length);
  });

  test('does not depend on frames of libraries and of Node, or on its fourth own frame', () => {
    const own = '\n    at a (/app/a.js:1:1)\n    at b (/app/b.js:1:1)\n    at c (/app/c.js:1:1)';
    const one = fingerprint('', thrown(`E: x${own}\n    at d (/app/d.js:1:1)`));
    expect(fingerprint('', thrown(`E: x${own}\n    at e (/app/e.js:1:1)`))).toBe(one);
    expect(fingerprint('', thrown(`E: x\n    at z (/app/node_modules/z/z.js:1:1)${own}`))).toBe(one);
    expect(fingerprint('', thrown(`E: x\n    at node:events:518:28${own}`))).toBe(one);
  });

  test('without own frames is identified by its type and message', () => {
    const native = 'TypeError: x\n    at node:fs:1:1';
    const one = fingerprint('', thrown(native, 'TypeError', 'order 1 is gone'));
    expect(fingerprint('', thrown(native, 'TypeError', 'order 27 is gone'))).toBe(one);
    expect(fingerprint('', thrown(native, 'TypeError', 'the order is gone'))).not.toBe(one);
    expect(fingerprint('', { 'exception.type': 'TypeError', 'exception.message': 'order 1 is gone' })).toBe(
      one,
    );
  });
});

describe('a message', () => {
  test.each([
    ['order 17 failed', 'order 4711 failed'],
    ['took 12.5 ms', 'took 7.25 ms'],
    ['user "ann" is gone', 'user "bob" is gone'],
    ["file 'a.txt' is gone", "file 'b.txt' is gone"],
    ['key `a` is gone', 'key `b` is gone'],
    ['job 9f3a1c2e-0b1d-4c3e-8f9a-001122334455', 'job 00000000-aaaa-bbbb-cccc-dddddddddddd'],
    ['at 0xdeadbeef', 'at 0x1f'],
    ['commit deadbeefcafe failed', 'commit 0123456789ab failed'],
    ['user usr_8Fh3kLq2 failed', 'user usr_Zz91mmQx failed'],
    ['10.0.0.1:5432 refused', '10.0.12.200:6000 refused'],
  ])('%s is the same as %s', (one, other) => {
    expect(fingerprint(one)).toBe(fingerprint(other));
  });

  test.each([
    ['order failed', 'order is gone'],
    ["can't read: denied", "can't write: denied"],
    ['', 'x'],
  ])('%p differs from %p', (one, other) => {
    expect(fingerprint(one)).not.toBe(fingerprint(other));
  });

  test('depends on its logger and its event name', () => {
    const all = [
      fingerprint('failed'),
      fingerprint('failed', {}, 'cart.failed'),
      fingerprint('failed', {}, undefined, 'cart'),
    ];
    expect(new Set(all).size).toBe(3);
  });

  test('in an object is treated like a text; any other object is identified by its keys', () => {
    expect(fingerprint({ message: 'order 1', id: 1 })).toBe(fingerprint({ message: 'order 2', id: 7 }));
    expect(fingerprint({ msg: 'order 1' })).toBe(fingerprint('order 3'));
    expect(fingerprint({ id: 1 })).toBe(fingerprint({ id: 2 }));
    expect(fingerprint({ id: 1 })).not.toBe(fingerprint({ name: 1 }));
  });

  test('of any length is read in bounded time, and a truncated id is ignored', () => {
    const long = (id: string) => `${'a very long text '.repeat(14)}id ${id} and so on`;
    expect(fingerprint(long('9f3a1c2e-0b1d-4c3e-8f9a-001122334455'))).toBe(
      fingerprint(long('1c2e9f3a-1d0b-3e4c-9a8f-554433221100')),
    );
    expect(fingerprint('x'.repeat(10_000_000))).toBe(fingerprint('x'.repeat(256)));
  });
});

test('for any record, a fingerprint is a short text that reveals nothing of it', () => {
  fc.assert(
    fc.property(fc.anything(), fc.dictionary(fc.string(), fc.anything()), (body, attributes) => {
      expect(fingerprint(body, { ...attributes, 'error.fingerprint': undefined })).toMatch(/^v1:[0-9a-z]+$/);
    }),
  );
});

describe('a fingerprint set by the application', () => {
  beforeEach(() => listen(() => {}));
  afterEach(() => diag.disable());

  const limit = { records: 1, millis: Number.POSITIVE_INFINITY };
  async function fingerprintOfTrigger(options: object, attributes: Record<string, unknown> = {}) {
    const { log, find } = pipeline({ limit, ...options });
    for (const body of ['1', '2']) log('DEBUG', body);
    log('ERROR', 'failed', { attributes });
    return (await find('failed')).attributes['burst.fingerprint'];
  }

  test('in the attribute error.fingerprint takes precedence over the rules, and the option over both', async () => {
    const attributes = { 'error.fingerprint': 'by attribute' };
    expect(await fingerprintOfTrigger({}, attributes)).toBe('by attribute');
    expect(await fingerprintOfTrigger({ fingerprint: () => 'by option' }, attributes)).toBe('by option');
  });

  test('is hashed if it is long', async () => {
    expect(await fingerprintOfTrigger({ fingerprint: () => 'x'.repeat(128) })).toBe('x'.repeat(128));
    expect(await fingerprintOfTrigger({ fingerprint: () => 'x'.repeat(129) })).toMatch(/^v1:[0-9a-f]{16}$/);
  });

  test('is computed once for a trigger, and never for a quiet or a loud record', async () => {
    const asked: unknown[] = [];
    const { log, burst } = pipeline({
      fingerprint: (record) => {
        asked.push(record.body);
        return 'same';
      },
    });
    log('DEBUG', 'quiet');
    log('INFO', 'loud');
    log('ERROR', 'failed');
    log('ERROR', 'joined');
    log('FATAL', 'crashed');
    await burst.forceFlush();
    expect(asked).toEqual(['failed']);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
      'fingerprint threw Error: broken',
    ],
    ['returns no text', () => 5, 'fingerprint returned no text'],
    ['returns an empty text', () => '', 'fingerprint returned no text'],
  ])('is ignored, with a warning, if it %s', async (_what, wrong, warning) => {
    const warnings: string[] = [];
    listen((message) => void warnings.push(message));
    const expected = await fingerprintOfTrigger({});
    expect(await fingerprintOfTrigger({ fingerprint: wrong as () => string })).toBe(expected);
    expect(warnings).toEqual([`BurstLogRecordProcessor: ${warning}; the default fingerprint is used`]);
  });
});
