import {
  burstLine,
  burstRows,
  cutText,
  type TaskChoice,
  taskLine,
  taskRows,
} from '../../src/reader/index.ts';
import { asciiMarks, unicodeMarks } from '../../src/tree/index.ts';
import { ERROR, passedOn, record, TaskStory as Story, TRACE } from '../tree/story.ts';

const all: TaskChoice = { failed: false, slowSeconds: undefined, running: false };
const look = { marks: unicodeMarks };
const id = (at: number) => `a${String(at).padStart(15, '0')}`;
const names = (records: Parameters<typeof taskRows>[0], choice: Partial<TaskChoice> = {}) =>
  taskRows(records, { ...all, ...choice }).map(({ path }) => path.at(-1));
const textOf = (line: ReturnType<typeof taskLine>) => line.map(({ text }) => text).join('');

test('rows are ordered by start time, to the nanosecond', () => {
  const at = (name: string, nanos: number) =>
    new Story(id(nanos), name)
      .start(5)
      .succeed(6, 0.001)
      .records.map((each) => ({ ...each, nanos }));
  expect(names([...at('later', 20), ...at('first', 3), ...at('between', 10)])).toEqual([
    'first',
    'between',
    'later',
  ]);
});

test('slow tasks are those that took at least as long; one without an end has no duration', () => {
  const records = [0.099, 0.1, 0.2].flatMap(
    (seconds, at) =>
      new Story(id(at), `took ${seconds}`).start(at).succeed(at + seconds * 1e3, seconds).records,
  );
  records.push(...new Story(id(9), 'runs').start(9).records);
  expect(names(records, { slowSeconds: 0.1 })).toEqual(['took 0.1', 'took 0.2']);
  expect(names(records, { running: true })).toEqual(['runs']);
  expect(names(records, { running: true, slowSeconds: 0.1 })).toEqual([]);
  expect(names(records, { slowSeconds: 0 })).toHaveLength(4);
});

test('failed tasks are those in which a failure began, and not the ones that it passed through', () => {
  const outer = new Story(id(1), 'outer').start(0);
  const inner = new Story(id(2), 'inner', { parent: outer.id }).start(1).fail(2, 0.001, ERROR);
  outer.fail(3, 0.003, passedOn(inner.id));
  const fine = new Story(id(3), 'fine').start(4).succeed(5, 0.001);
  const records = [...outer.records, ...inner.records, ...fine.records];
  const [row, ...others] = taskRows(records, { ...all, failed: true });
  expect(others).toEqual([]);
  expect(row).toMatchObject({
    kind: 'task',
    outcome: 'failed',
    isExpected: false,
    path: ['outer', 'inner'],
    durationSeconds: 0.001,
    service: 'shop',
    traceId: TRACE,
    taskId: id(2),
  });
  expect(row!.reason).toContain(ERROR['exception.message']);
});

test('a trace without a failed task is listed by its first error, if only failures are requested', () => {
  const records = [
    record({ at: 1, traceId: 'c'.repeat(32), body: 'quiet', severity: 5 }),
    record({ at: 2, traceId: 'c'.repeat(32), body: 'first error', severity: 17 }),
    record({ at: 3, traceId: 'c'.repeat(32), body: 'second error', severity: 21 }),
    record({ at: 4, traceId: 'd'.repeat(32), body: '', severity: 17 }),
    record({ at: 5, traceId: 'e'.repeat(32), body: 'a warning', severity: 16 }),
    ...new Story(id(1), 'failed', { traceId: 'f'.repeat(32) }).start(6).fail(7, 0.001, ERROR).records,
  ];
  const rows = taskRows(records, { ...all, failed: true });
  expect(rows.map(({ kind, path }) => [kind, ...path])).toEqual([
    ['trace', 'first error'],
    ['trace', '(no text)'],
    ['task', 'failed'],
  ]);
  expect(rows[0]).toMatchObject({ outcome: 'failed', durationSeconds: undefined, reason: '', taskId: '' });
  for (const choice of [{}, { failed: true, slowSeconds: 0 }, { failed: true, running: true }]) {
    expect(taskRows(records, { ...all, ...choice }).filter(({ kind }) => kind === 'trace')).toEqual([]);
  }
});

test('a row is a line: time, outcome, path, duration, service, reason, trace', () => {
  const outer = new Story(id(1), 'outer').start(0);
  const inner = new Story(id(2), 'in\nner', { parent: outer.id }).start(1.5).fail(2, 0.42, ERROR);
  const [row] = taskRows([...outer.records, ...inner.records], { ...all, failed: true });
  const line = taskLine(row!, look);
  expect(textOf(line)).toBe(
    `2026-11-21 06:12:36.001 UTC  ✘ outer › in ner  420 ms  shop  TypeError: ${ERROR['exception.message']}  trace ${TRACE}`,
  );
  expect(textOf(taskLine(row!, { marks: asciiMarks }))).toContain(`outer ${asciiMarks.path.trim()} in ner`);
  const styles = line.map(({ style }) => style);
  expect(styles).toContain('boldRed');
  expect(styles).toContain('red');
});

test('unknown parts of a row are omitted from its line', () => {
  const lone = { service: '', traceId: '' };
  const [row] = taskRows(new Story(id(1), 'runs', lone).start(0).records, all);
  expect(textOf(taskLine(row!, look))).toMatch(/^2026-11-21 06:12:36\.000 UTC {2}\S+ runs {2}no end seen$/);
  const [nameless] = taskRows(new Story(id(2), '', lone).start(0).records, all);
  expect(textOf(taskLine(nameless!, look))).toContain(`(task ${id(2)})`);
});

test('an expected failure is a failed task, but not listed as a failure, and not red', () => {
  const story = new Story(id(1), 'lookup')
    .start(0)
    .fail(1, 0.001, { ...ERROR, 'task.expected': true }, { severity: 9 });
  const [row] = taskRows(story.records, all);
  expect(row).toMatchObject({ outcome: 'failed', isExpected: true });
  const styles = taskLine(row!, look).map(({ style }) => style);
  expect(styles).not.toContain('boldRed');
  expect(styles).not.toContain('red');
  expect(taskRows(story.records, { ...all, failed: true })).toEqual([]);
});

test('a long text is truncated to 300 characters in a line', () => {
  const rowOf = (length: number) => taskRows(new Story(id(1), 'x'.repeat(length)).start(0).records, all)[0]!;
  expect(textOf(taskLine(rowOf(300), look))).toContain(` ${'x'.repeat(300)} `);
  expect(textOf(taskLine(rowOf(301), look))).toContain(` ${'x'.repeat(299)}… `);
});

test('bursts are listed by time with the content of their manifests', () => {
  const burst = (at: number, attributes: object, more = {}) =>
    record({
      at,
      eventName: 'burst.released',
      body: `burst ${at}`,
      attributes: attributes as never,
      ...more,
    });
  const rows = burstRows([
    burst(2, { 'burst.id': 'b2', 'burst.trigger': 'severity', 'burst.released': 7 }),
    burst(1, {}, { traceId: '', service: '', body: '' }),
    record({ at: 3, body: 'no burst' }),
  ]);
  expect(rows).toMatchObject([
    { id: '', trigger: '', service: '', traceId: '', body: '' },
    { id: 'b2', trigger: 'severity', service: 'shop', traceId: TRACE, body: 'burst 2' },
  ]);
  expect(rows[1]!.attributes).toMatchObject({ 'burst.released': 7 });
  expect(rows.map((row) => textOf(burstLine(row, look)))).toEqual([
    `2026-11-21 06:12:36.001 UTC  ${unicodeMarks.burst} burst`,
    `2026-11-21 06:12:36.002 UTC  ${unicodeMarks.burst} burst 2  shop  id b2  trace ${TRACE}`,
  ]);
});

test('a truncated list is reported with both numbers', () => {
  expect(cutText(50, 1_204, 'task')).toBe('only the newest 50 of 1,204 tasks are shown; --limit shows more');
});
