import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeLogs } from '../../../src/otlp/index.ts';
import { InFlightBound } from '../../../src/receivers/zeromq/in-flight-bound.ts';
import { DecodedGroup, DistlogGroup, owned } from '../../../src/receivers/zeromq/message-group.ts';

/** Lets all callbacks of resolved promises run. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the limit for the journal', () => {
  test('is full at its bound in bytes or in batches', () => {
    const bound = new InFlightBound(100, 3);
    bound.enter(99);
    expect(bound.isFull).toBe(false);
    bound.enter(1);
    expect(bound.isFull).toBe(true);
    bound.leave(99);
    bound.enter(0);
    expect(bound.isFull).toBe(false);
    bound.enter(0);
    expect(bound.isFull).toBe(true);
  });

  test('is idle when nothing is in flight', async () => {
    const bound = new InFlightBound(100, 3);
    await bound.idle();
    bound.enter(1);
    bound.enter(1);
    let isIdle = false;
    const idle = bound.idle().then(() => {
      isIdle = true;
    });
    bound.leave(1);
    await turn();
    expect(isIdle).toBe(false);
    bound.leave(1);
    await idle;
  });

  test('the room of one large batch is used by all callers for which it is sufficient', async () => {
    const bound = new InFlightBound(100, 1_000);
    bound.enter(1);
    bound.enter(100);
    let entered = 0;
    const small = Array.from({ length: 20 }, async () => {
      await bound.room();
      bound.enter(4);
      entered += 1;
    });
    expect(bound.waiting).toBe(20);
    bound.leave(100);
    await Promise.all(small);
    expect([entered, bound.waiting]).toEqual([20, 0]);
  });

  test('every waiting caller is served, even after callers that enter no batch', async () => {
    const batch = fc.record({
      bytes: fc.integer({ min: 1, max: 60 }),
      isRefused: fc.boolean(),
      leaves: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 5, maxLength: 30 }), async (batches) => {
        const bound = new InFlightBound(100, 4);
        const inside: number[] = [];
        let came = 0;
        for (const { bytes, isRefused, leaves } of batches) {
          void bound.room().then(() => {
            came += 1;
            if (isRefused) return;
            bound.enter(bytes);
            inside.push(bytes);
          });
          for (let each = 0; each < leaves && inside.length > 0; each += 1) bound.leave(inside.shift()!);
          if (leaves === 3) await turn();
        }
        for (await turn(); inside.length > 0; await turn()) bound.leave(inside.shift()!);
        assert.deepEqual([came, bound.waiting], [batches.length, 0]);
      }),
      { numRuns: 100 },
    );
  });

  test('waiting callers are served in the order of their calls', async () => {
    const bound = new InFlightBound(100, 2);
    bound.enter(1);
    bound.enter(1);
    const order: number[] = [];
    for (let number = 0; number < 5; number += 1) {
      void bound.room().then(() => {
        bound.enter(1);
        order.push(number);
      });
    }
    for (let number = 0; number < 5; number += 1) {
      bound.leave(1);
      await turn();
      expect(order).toHaveLength(number + 1);
    }
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('messages that go to the journal together', () => {
  const topic = (text: string) => Buffer.from(text, 'latin1');
  const json = (message: string) => Buffer.from(JSON.stringify({ message }));

  test('an invalid one does not affect others, and is not counted', () => {
    const group = new DistlogGroup({ pickle: false });
    group.add(topic('SLJ'), json('first'));
    expect(() => group.add(topic('SLJ'), Buffer.from('{'))).toThrow();
    expect(() => group.add(topic('SLO'), Buffer.from([255, 255]))).toThrow();
    expect(() => group.add(topic('PLP'), Buffer.from('x'))).toThrow();
    group.add(topic('SLJ'), json('second'));
    const { bytes, records } = group;
    expect([records, bytes]).toEqual([2, json('first').length + json('second').length]);
    const { resources } = decodeLogs(group.encode());
    const bodies = resources.flatMap(({ scopes }) => scopes.flatMap(({ records: each }) => each));
    expect(bodies).toHaveLength(2);
  });

  test('OTLP is passed on unchanged, before grouped records', () => {
    const single = new DistlogGroup({ pickle: false });
    single.add(topic('SLJ'), json('one'));
    const otlp = single.encode();
    const group = new DistlogGroup({ pickle: false });
    group.add(topic('SLO'), otlp);
    expect([group.records, group.bytes]).toEqual([1, otlp.length]);
    expect(Buffer.compare(group.encode(), otlp)).toBe(0);
    group.add(topic('SLJ'), json('two'));
    const both = group.encode();
    expect(Buffer.compare(both.subarray(0, otlp.length), otlp)).toBe(0);
    expect(both.length).toBeGreaterThan(otlp.length);
  });

  test('a large record is scanned, and counts as one', () => {
    const group = new DistlogGroup({ pickle: false });
    for (const bytes of [131_000, 131_072, 200_000]) group.add(topic('SLJ'), json('x'.repeat(bytes)));
    expect(group.records).toBe(3);
    const { resources } = decodeLogs(group.encode());
    expect(resources.flatMap(({ scopes }) => scopes.flatMap(({ records }) => records))).toHaveLength(3);
  });

  test('single records of one program share its resource and scope, others have their own', () => {
    const group = new DistlogGroup({ pickle: false });
    for (const text of ['one', 'two', 'three']) group.add(topic('PLJ'), json(text));
    group.add(topic('TLJ'), json('of a test'));
    group.add(topic('PLJ'), json('x'.repeat(131_073)));
    const { resources } = decodeLogs(group.encode());
    const sizes = resources.map(({ scopes }) => scopes.map(({ records }) => records.length));
    // The long one is scanned separately, and comes first.
    expect(sizes.flat(2)).toEqual([1, 3, 1]);
  });

  test('a record with too many values is refused, and does not affect others', () => {
    const group = new DistlogGroup({ pickle: false });
    group.add(topic('PLJ'), json('one'));
    const many = (values: number) =>
      Buffer.from(JSON.stringify({ message: 'many', list: Array(values).fill(0) }));
    expect(() => group.add(topic('PLJ'), many(140_000))).toThrow('more than 131072 values');
    expect([group.records, group.bytes]).toEqual([1, json('one').length]);
    group.add(topic('PLJ'), many(100_000));
    expect(group.records).toBe(2);
    group.encode();
  });

  test('an empty request of OTLP is read, and holds no record', () => {
    const group = new DistlogGroup({ pickle: false });
    group.add(topic('PLO'), Buffer.alloc(0));
    expect([group.records, group.bytes, group.encode().length]).toEqual([0, 0, 0]);
  });

  test('of an application: its bodies are concatenated, with its counts', () => {
    const group = new DecodedGroup((letters, body) => ({
      body: Buffer.concat([Buffer.from(letters), Buffer.from(body)]),
      records: body.length,
    }));
    group.add(topic('a'), Buffer.from('bc'));
    group.add(topic('d'), Buffer.from('e'));
    expect([group.records, group.bytes]).toEqual([3, 5]);
    expect(Buffer.from(group.encode()).toString()).toBe('abcde');
  });

  test('a view keeps at most an eighth of its size, or 512 bytes, of other data in memory', () => {
    const viewOf = (bytes: number, more: number) => new Uint8Array(bytes + more).subarray(0, bytes);
    const isCopied = (bytes: number, more: number) => {
      const view = viewOf(bytes, more).fill(7);
      const kept = owned(view);
      expect(Buffer.compare(kept, view)).toBe(0);
      if (kept !== view) expect(kept.buffer.byteLength).toBe(bytes);
      return kept !== view;
    };
    expect([isCopied(8_000, 1_000), isCopied(8_000, 1_001)]).toEqual([false, true]);
    expect([isCopied(10, 512), isCopied(10, 513)]).toEqual([false, true]);
    expect(isCopied(10, 0)).toBe(false);
  });
});
