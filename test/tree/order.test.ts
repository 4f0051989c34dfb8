import { buildTrees, childrenInOrder, findTasks, type TreeRecord } from '../../src/tree/index.ts';
import { type Given, record, TaskStory } from './story.ts';

/** The number of records that remain of these, which have no task. */
function distinct(...records: readonly TreeRecord[]): number {
  return buildTrees(records).records;
}

/** Bodies in reading order, which must be the same for each order of arrival. */
function bodies(...given: readonly Given[]): string[] {
  const records = given.map((each) => record(each));
  const orders = [records, records.toReversed()].map((came) =>
    buildTrees(came).traces[0]!.records.map(({ body }) => body),
  );
  expect(orders[1]).toEqual(orders[0]);
  return orders[0]!;
}

test('records without a task are in order of time, to the nanosecond', () => {
  expect(
    bodies(
      { body: 'c', seconds: 2, nanos: 0 },
      { body: 'b', seconds: 1, nanos: 2 },
      { body: 'a', seconds: 1, nanos: 1 },
    ),
  ).toEqual(['a', 'b', 'c']);
});

test('at the same time, records of a burst are first, in its order, then the others, by text', () => {
  const of = (body: string, sequence?: unknown) => ({
    body,
    attributes: sequence === undefined ? {} : { 'burst.sequence': sequence },
  });
  expect(bodies(of('b'), of('a'), of('y', 2), of('z', 1), of('c', Number.NaN), of('d', '0'))).toEqual([
    ...['z', 'y'],
    ...['a', 'b', 'c', 'd'],
  ]);
});

test.each<[string, unknown, unknown]>([
  ['a number and its text', 1, '1'],
  ['lists of other lengths', [1], [1, 2]],
  ['a list and an object', ['a'], { 0: 'a' }],
  ['objects with other names', { a: 1 }, { b: 1 }],
  ['an object with one name more', { a: 1 }, { a: 1, b: 1 }],
  ['nothing and null', undefined, null],
  ['bytes', Uint8Array.of(1), Uint8Array.of(2)],
  ['a number and none', { deep: 0 }, { deep: Number.NaN }],
])('%s are two values, so their records are two', (_what, one, other) => {
  expect(distinct(record({ attributes: { x: one } }), record({ attributes: { x: other } }))).toBe(2);
});

test('records that differ only in values without a text form, or only very deep, are copies', () => {
  const secret = () => ({ toString: undefined, [Symbol.toPrimitive]: () => Symbol('no text') });
  const unreadable = () => Object.assign(() => undefined, secret());
  expect(
    distinct(record({ attributes: { x: unreadable() } }), record({ attributes: { x: unreadable() } })),
  ).toBe(1);
  const nested = (levels: number, value: unknown) => {
    let at = value;
    for (let level = 0; level < levels; level += 1) at = { at };
    return record({ attributes: { at } as object as TreeRecord['attributes'] });
  };
  expect(distinct(nested(15, 1), nested(15, 2))).toBe(2);
  expect(distinct(nested(16, 1), nested(16, 2))).toBe(1);
});

test('a task’s records without a sequence are copies only if they are equal in everything', () => {
  const of = (given: Given) => record({ ...given, attributes: { 'task.id': 'a', ...given.attributes } });
  expect(buildTrees([of({ body: 'x' }), of({ body: 'x' }), of({ body: 'x', at: 1 })])).toMatchObject({
    records: 2,
    copies: 1,
  });
});

test('a record without a sequence is placed before the first later numbered one', () => {
  const of = (body: string, at: number, sequence?: number, eventName = '') =>
    record({
      ...{ body, at, eventName },
      attributes: { 'task.id': 'a', ...(sequence === undefined ? {} : { 'task.sequence': sequence }) },
    });
  const [task] = buildTrees([
    of('one', 10, 1),
    of('end', 20, 2, 'task.succeeded'),
    of('with one', 10),
    of('with the end', 20),
    of('behind', 21),
  ]).nodes;
  expect(task?.kind === 'task' && task.records.map(({ body }) => body)).toEqual([
    ...['one', 'with one', 'with the end', 'end', 'behind'],
  ]);
});

test.each([0, -1, 1.5, 2 ** 53, '2', null])('a sequence of %p is ignored', (sequence) => {
  const attributes = { 'task.id': 'a', 'task.sequence': sequence };
  const [task] = buildTrees([record({ attributes })]).nodes;
  expect(task).toMatchObject({ missing: 0 });
  expect(task?.kind === 'task' && [...childrenInOrder(task)]).toHaveLength(1);
});

test('of two ends with one sequence the first by event name is used, in any order', () => {
  const end = (eventName: string) =>
    record({ eventName, attributes: { 'task.id': 'a', 'task.sequence': 1 } });
  const both = [end('task.succeeded'), end('task.failed')];
  for (const records of [both, both.toReversed()]) {
    expect(buildTrees(records).nodes[0]).toMatchObject({
      outcome: 'failed',
      end: { eventName: 'task.failed' },
    });
  }
});

describe('the end of a task', () => {
  const outcome = (given: Given) => {
    const [task] = buildTrees([
      record({ ...given, attributes: { 'task.id': 'a', ...given.attributes } }),
    ]).nodes;
    return task?.kind === 'task' ? task.outcome : undefined;
  };
  test.each(['succeeded', 'failed', 'cancelled', 'abandoned'])(
    'is the event task.%s, or that word',
    (word) => {
      expect(outcome({ eventName: `task.${word}` })).toBe(word);
      expect(outcome({ attributes: { 'task.outcome': word } })).toBe(word);
      expect(outcome({ eventName: 'of.my.own', attributes: { 'task.outcome': word } })).toBe(word);
    },
  );

  test('is not another event or value, and never the start', () => {
    expect(outcome({ eventName: 'task.started', attributes: { 'task.outcome': 'failed' } })).toBe('unknown');
    expect(outcome({ attributes: { 'task.outcome': 'unknown' } })).toBe('unknown');
    expect(outcome({ eventName: 'task.paused' })).toBe('unknown');
    expect(outcome({ eventName: 'task.failed', attributes: { 'task.outcome': 'succeeded' } })).toBe('failed');
  });

  test('is the first, if there are several', () => {
    const story = new TaskStory('a', 'job').start(0).succeed(1, 1).fail(2, 1);
    expect(buildTrees(story.records).nodes[0]).toMatchObject({
      outcome: 'succeeded',
      end: { body: 'job succeeded' },
    });
  });
});

describe('a task of Python distlog', () => {
  const python = (...said: readonly [body: string, severity: number, more?: object][]) => {
    const records = said.map(([body, severity, more], at) =>
      record({ at, body, severity, attributes: { 'task.id': 'a', 'task.sequence': at + 1, ...more } }),
    );
    return buildTrees(records).nodes[0];
  };
  const key = { 'distlog.key': '1@u' };

  test('failed if it has a text that begins with FAILED and a severity of ERROR or above', () => {
    expect(python(['job', 9, key], ['FAILED job', 17, key])).toMatchObject({
      outcome: 'failed',
      hasNoEndEvent: false,
    });
    expect(python(['job', 9, key], ['FAILED job', 16, key])).toMatchObject({
      outcome: 'unknown',
      hasNoEndEvent: true,
    });
    expect(python(['job', 9, key], ['has FAILED job', 17, key])).toMatchObject({ outcome: 'unknown' });
    // Without its start, which identifies it as a task of this package, it counts as one too.
    expect(python(['job', 9], ['FAILED job', 17])).toMatchObject({ outcome: 'failed' });
  });

  test('is not a task with a start of this package and no key', () => {
    const records = new TaskStory('a', 'job').start(0).say(1, 'FAILED job', { severity: 17 }).records;
    expect(buildTrees(records).nodes[0]).toMatchObject({ outcome: 'unknown', hasNoEndEvent: false });
  });

  test('succeeded if the last record repeats the start', () => {
    const started = (last: Given) => {
      const story = new TaskStory('a', 'job', { attributes: key })
        .start(0)
        .say(1, 'x')
        .say(2, last.body ?? '', last);
      return buildTrees(story.records).nodes[0];
    };
    expect(started({ body: 'job' })).toMatchObject({ outcome: 'succeeded', end: { body: 'job' } });
    expect(started({ body: 'job', severity: 13 })).toMatchObject({ outcome: 'unknown', hasNoEndEvent: true });
    expect(started({ body: 'other' })).toMatchObject({ outcome: 'unknown' });
    const alone = new TaskStory('a', 'job', { attributes: key }).start(0);
    expect(buildTrees(alone.records).nodes[0]).toMatchObject({ outcome: 'unknown', end: undefined });
  });
});

test('a parent is found among many tasks of a trace, and only in its own', () => {
  for (const count of [7, 8, 9, 30]) {
    const tasks = Array.from({ length: count }, (_, at) =>
      new TaskStory(`t${at}`, `t${at}`, at === 0 ? {} : { parent: 't0' }).start(at),
    );
    const twin = new TaskStory('t0', 'twin', { traceId: 'f'.repeat(32) }).start(99);
    const child = new TaskStory('x', 'x', { traceId: 'f'.repeat(32), parent: 't0' }).start(100);
    const trees = buildTrees([...tasks, twin, child].flatMap(({ records }) => records));
    expect(trees.traces.map(({ roots }) => roots.map(({ size }) => size))).toEqual([[count], [2]]);
    expect(findTasks(trees, ['twin', 'x'])).toHaveLength(1);
  }
});

test('traces are in order of their first record, whether a task, another record or a burst began them', () => {
  const trace = (digit: string) => digit.repeat(32);
  const trees = buildTrees([
    record({ at: 5, traceId: trace('d') }),
    record({ at: 4, traceId: trace('c'), eventName: 'burst.released' }),
    new TaskStory('a', 'a', { traceId: trace('b') }).start(3).records[0]!,
    record({ at: 2, traceId: trace('b') }),
    record({ at: 2, traceId: trace('a') }),
    record({ at: 1, traceId: trace('d'), eventName: 'burst.released' }),
  ]);
  expect(trees.traces.map(({ traceId }) => traceId[0])).toEqual(['d', 'a', 'b', 'c']);
});
