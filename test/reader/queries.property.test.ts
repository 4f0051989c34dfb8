import * as fc from 'fast-check';
import { decodeJsonLogs, groupsOf, type LogGroup } from '../../src/otlp/index.ts';
import {
  collect,
  type Found,
  findTaskRows,
  type RecordQuery,
  type RecordSource,
  storyOfLast,
} from '../../src/reader/index.ts';
import { filterOf } from '../../src/reader/record-filter.ts';
import { Selection } from '../../src/reader/selection.ts';
import type { TreeRecord } from '../../src/tree/index.ts';
import { otlpLine } from '../tree/otlp-lines.ts';
import { ERROR, passedOn, record, TaskStory } from '../tree/story.ts';

const { signal } = new AbortController();
const noNotice = () => {};

/** Answers like the API, from memory. If it is indexed, it must not be asked for more than necessary. */
function sourceOf(records: readonly TreeRecord[], isIndexed: boolean): RecordSource {
  const groups = [...groupsOf(decodeJsonLogs(otlpLine(...records)))];
  async function* find(query: RecordQuery): AsyncGenerator<Found> {
    const { order = 'oldest', limit } = query;
    const selection = new Selection(limit, order);
    const fitting = groups.map(filterOf(query)).filter((group): group is LogGroup => group !== undefined);
    for (const group of fitting) selection.add(group);
    yield* selection.groups();
    if (selection.hasMore) yield { notice: 'more' };
  }
  const none = () => {
    throw new Error('is not asked');
  };
  return { name: 'memory', isIndexed, find, count: none, tail: none };
}

interface GivenTask {
  readonly trace: number;
  /** The index of its parent among the earlier tasks; none if it is too large. */
  readonly parent: number;
  readonly end: 'succeed' | 'cancel' | 'fail' | 'pass on' | 'none';
  readonly hasStart: boolean;
  readonly millis: number;
}

const task: fc.Arbitrary<GivenTask> = fc.record({
  trace: fc.nat(3),
  parent: fc.nat(8),
  end: fc.constantFrom('succeed', 'cancel', 'fail', 'pass on', 'none'),
  hasStart: fc.boolean(),
  millis: fc.constantFrom(0, 999, 1_000, 1_001),
});

function recordsOf(tasks: readonly GivenTask[]): TreeRecord[] {
  const ids = tasks.map((_, at) => `a${String(at).padStart(15, '0')}`);
  return tasks.flatMap(({ trace, parent, end, hasStart, millis }, at) => {
    const parentId = parent < at && tasks[parent]!.trace === trace ? { parent: ids[parent]! } : {};
    const traceId = String(trace + 1).repeat(32);
    const told = new TaskStory(ids[at]!, `task ${at}`, { traceId, ...parentId });
    const from = at * 10;
    if (hasStart) told.start(from);
    told.say(from + 1, 'a quiet step', { severity: 5 });
    const seconds = millis / 1_000;
    if (end === 'succeed') told.succeed(from + millis, seconds);
    if (end === 'cancel') told.cancel(from + millis, seconds);
    if (end === 'fail') told.fail(from + millis, seconds, ERROR);
    if (end === 'pass on') told.fail(from + millis, seconds, passedOn(ids[at - 1] ?? 'gone'));
    return told.records;
  });
}

test('the same tasks are found in an indexed source, with few requests, as in one that is read completely', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(task, { minLength: 1, maxLength: 9 }),
      fc.boolean(),
      fc.constantFrom(undefined, 0.999, 1),
      fc.boolean(),
      async (tasks, failed, slowSeconds, running) => {
        const records = recordsOf(tasks);
        const choice = { failed, slowSeconds, running };
        const rowsFrom = (isIndexed: boolean) =>
          findTaskRows(sourceOf(records, isIndexed), {}, choice, 50, noNotice, signal);
        const [indexed, whole] = [await rowsFrom(true), await rowsFrom(false)];
        expect({ choice, rows: indexed }).toEqual({ choice, rows: whole });
        const slow = slowSeconds ?? 0;
        for (const row of whole) expect(row.durationSeconds ?? 0).toBeGreaterThanOrEqual(slow);
      },
    ),
    { numRuns: 60 },
  );
});

test('all records of the last failure or burst are found, whatever their texts contain', async () => {
  const strange = ['\ud83d', '"', '\\', 'a\nb\u2028\u0000', '\u{10ffff}', 'x'.repeat(20_000), ''];
  for (const isIndexed of [true, false]) {
    for (const text of strange) {
      const error = record({ at: 2, traceId: '', severity: 17, body: 'no', service: text });
      const before = record({ at: 1, traceId: '', body: 'before', service: text });
      const burst = record({
        at: 3,
        traceId: '',
        eventName: 'burst.released',
        attributes: { 'burst.id': text },
      });
      const held = record({ at: 2, traceId: '', body: 'held', attributes: { 'burst.id': text } });
      for (const [last, records, expected] of [
        ['failures', [before, error], 'before'],
        ['bursts', [held, burst], 'held'],
      ] as const) {
        const source = sourceOf(records, isIndexed);
        const query = await storyOfLast(source, last, {}, noNotice, signal);
        const story = await collect(source, query!, noNotice, signal);
        expect({ text: text.slice(0, 9), story: story.map(({ body }) => body) }).toEqual({
          text: text.slice(0, 9),
          story: expect.arrayContaining([expected]),
        });
      }
    }
  }
});

test('the newest of an error and a burst is the last failure, to the nanosecond', async () => {
  const at = (nanos: number, given: Partial<TreeRecord>) => ({ ...record(given), nanos });
  const error = { severity: 17, traceId: 'e'.repeat(32) };
  const burst = { eventName: 'burst.released', traceId: 'b'.repeat(32) };
  for (const [errorNanos, burstNanos, expected] of [
    [1, 2, 'b'],
    [2, 1, 'e'],
    [2, 2, 'e'],
  ] as const) {
    const source = sourceOf([at(errorNanos, error), at(burstNanos, burst)], true);
    const query = await storyOfLast(source, 'failures', {}, noNotice, signal);
    expect(query?.traceId).toBe(expected.repeat(32));
  }
});
