import {
  asRejected,
  countRefused,
  DeferredSink,
  type JournalEntry,
  newCounters,
  Refusals,
  receiverStats,
  rejectedError,
  retryAfterOf,
  retryLaterError,
  type Sink,
} from '../../src/component/index.ts';

const never = new AbortController().signal;

/** A sink that records its calls. */
function noting(more: Partial<Sink> = {}) {
  const calls: unknown[] = [];
  const sink: Sink = {
    open: async (state) => void calls.push(['open', state]),
    write: async (entries) => {
      calls.push(['write', entries]);
      return 'after';
    },
    close: async () => void calls.push('close'),
    ...more,
  };
  return { calls, sink };
}

describe('a sink that is created when it is opened', () => {
  test('passes every call on, with its arguments and its result', async () => {
    const { calls, sink } = noting({ prepare: async (signal) => signal === never && 'prepared' });
    const deferred = new DeferredSink(() => sink);
    const entries: JournalEntry[] = [{ index: 1, receivedMillis: 2, records: 3, body: new Uint8Array(4) }];

    await deferred.open('before');

    expect(await deferred.prepare(never)).toBe('prepared');
    expect(await deferred.write(entries, never)).toBe('after');
    await deferred.close();
    expect(calls).toEqual([['open', 'before'], ['write', entries], 'close']);
  });

  test('is not created before, and a close without an open is not an error', async () => {
    let made = 0;
    const deferred = new DeferredSink(() => {
      made += 1;
      return noting().sink;
    });
    await deferred.close();
    await expect(deferred.write([], never)).rejects.toThrow('the sink is not open');
    await expect(deferred.prepare(never)).rejects.toThrow('the sink is not open');
    expect([deferred.counters(), deferred.dropped(), made]).toEqual([{}, {}, 0]);
  });

  test('whose creation fails is created again at the next open; one that was created is only opened again', async () => {
    let made = 0;
    let opens = 0;
    const deferred = new DeferredSink(() => {
      made += 1;
      if (made === 1) throw new Error('no module');
      return noting({
        open: async () => {
          opens += 1;
          if (opens === 1) throw new Error('no server');
        },
      }).sink;
    });
    await expect(deferred.open(undefined)).rejects.toThrow('no module');
    await expect(deferred.open(undefined)).rejects.toThrow('no server');
    await deferred.open(undefined);
    expect([made, opens]).toEqual([2, 2]);
  });

  test.each<[unknown, string]>([
    [undefined, 'open, write, close'],
    [null, 'open, write, close'],
    [{ open: () => {}, close: 5 }, 'write, close'],
    [{ open: () => {}, write: () => {} }, 'close'],
  ])('that is none (%#) is refused by what is missing', async (made, missing) => {
    const deferred = new DeferredSink(() => made as Sink);
    await expect(deferred.open(undefined)).rejects.toThrow(`make() returned a sink without ${missing}`);
  });

  test('has only counters that can be metrics, and at most 64', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`n${at}`, at]));
    const odd = {
      rotations: 2,
      'Bad-Name': 1,
      _x: 1,
      text: '5',
      nan: Number.NaN,
      endless: 1 / 0,
      [`n${'x'.repeat(64)}`]: 1,
    };
    const { sink } = noting({
      counters: () => ({ ...odd, ...many }) as Record<string, number>,
      dropped: () => 'none' as never,
    });
    const deferred = new DeferredSink(() => sink);
    await deferred.open(undefined);
    expect(Object.keys(deferred.counters())).toHaveLength(64);
    expect(deferred.counters()).toMatchObject({ rotations: 2, n0: 0, n62: 62 });
    expect(Object.keys(deferred.counters()).filter((name) => name in odd)).toEqual(['rotations']);
    expect(deferred.dropped()).toEqual({});
  });
});

test('errors of a sink are recognized by their fields, whatever their class', () => {
  const rejected = rejectedError('http_400', 'bad', [1, 2], 'state');
  expect(asRejected(rejected)).toMatchObject({
    cause: 'http_400',
    message: 'bad',
    indexes: [1, 2],
    state: 'state',
  });
  expect(rejectedError('x', 'all of them').indexes).toBeUndefined();
  expect(asRejected({ rejected: true, cause: 'x' })).toMatchObject({ cause: 'x' });
  expect(retryAfterOf(retryLaterError('busy', 5_000))).toBe(5_000);
  const broken = new Proxy(
    {},
    {
      get: () => {
        throw new Error('no');
      },
    },
  );
  for (const other of [undefined, null, 'text', 5, {}, { rejected: 'true' }, new Error('x'), broken]) {
    expect([asRejected(other), retryAfterOf(other)]).toEqual([undefined, 0]);
  }
  for (const wait of [-1, Number.NaN, '5', null]) expect(retryAfterOf({ retryAfterMillis: wait })).toBe(0);
});

test('refused and dropped records are counted by cause and logged with a bounded reason', () => {
  const counters = newCounters();
  const said: [number, string][] = [];
  const refusals = new Refusals('receivers.x', counters, {
    emit: (severity, message) => void said.push([severity, message]),
  });
  refusals.refused('malformed', 'a request of a', 'x'.repeat(1_000));
  refusals.refused('malformed', 'a request of b', 'bad');
  refusals.dropped('full', 3, 'c', 'no room');
  refusals.dropped('full', 4, 'c', 'no room');
  new Refusals('silent', counters, undefined).refused('busy', 'd', 'now');

  const stats = receiverStats(counters);
  expect(stats).toEqual({
    ...{ batches: 0, records: 0, bytes: 0, duplicates: 0 },
    refused: { malformed: 2, busy: 1 },
    dropped: { full: 7 },
  });
  expect(said).toEqual([
    [13, `receivers.x: refused a request of a (malformed): ${'x'.repeat(300)}`],
    [13, 'receivers.x: refused a request of b (malformed): bad'],
    [13, 'receivers.x: dropped 3 records of c (full): no room'],
    [13, 'receivers.x: dropped 4 records of c (full): no room'],
  ]);
  countRefused(counters, 'busy');
  counters.batches += 1;
  expect(stats).toMatchObject({ batches: 0, refused: { busy: 1 } });
});
