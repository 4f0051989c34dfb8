import { LiveLines, type LiveLinesOptions, type TreeRecord } from '../../src/tree/index.ts';
import { ERROR, type Given, record, TaskStory, TRACE } from './story.ts';

/** The lines of records in order of arrival, from one instance. */
function shown(records: Iterable<TreeRecord>, options: Partial<LiveLinesOptions> = {}): string[] {
  const live = new LiveLines({ form: 'tree', color: false, ...options });
  return [...records].flatMap((each) => [...live.of(each)]);
}

/** A record of a task, with only the given attributes of the task. */
function of(id: string, body: string, given: Given = {}): TreeRecord {
  return record({ body, ...given, attributes: { 'task.id': id, ...given.attributes } });
}

const startOf = (id: string, parent = '', given: Given = {}) =>
  of(id, id, {
    eventName: 'task.started',
    ...given,
    attributes: {
      'task.name': id,
      ...(parent === '' ? {} : { 'task.parent.id': parent }),
      ...given.attributes,
    },
  });

test('a task is a line when it starts, its records below it, and a line when it ends', () => {
  const { records } = new TaskStory('a', 'charge', { attributes: { tenant: 'x' } })
    .start(0, { order: 7 })
    .say(1, 'asking', { severity: 5, attributes: { sku: 42 } })
    .succeed(250, 0.25);

  expect(shown(records)).toEqual([
    '06:12:36.000 charge  · shop  tenant=x order=7',
    '06:12:36.001 │ DEBUG asking  sku=42',
    '06:12:36.250 ✔ charge  250 ms',
  ]);
});

test('a child shows its service only if it differs, and omits the data of its parent', () => {
  const given = { attributes: { tenant: 'x' } };
  const records = [
    startOf('a', '', given),
    startOf('b', 'a', { attributes: { tenant: 'x', step: 1 } }),
    startOf('c', 'b', { service: 'stock', attributes: { tenant: 'y' } }),
    startOf('d', 'c', { service: '', attributes: {} }),
  ];

  expect(shown(records)).toEqual([
    '06:12:36.000 a  · shop  tenant=x',
    '06:12:36.000 │ b  step=1',
    '06:12:36.000 │ │ c  · stock  tenant=y',
    '06:12:36.000 │ │ │ d',
  ]);
});

test('a failed task shows its error at its end and the stack below', () => {
  const error = { ...ERROR, 'exception.stacktrace': 'TypeError: x\n    at a (b.js:1:1)' };
  const records = [
    startOf('a'),
    of('a', 'one\ntwo', { severity: 17, attributes: error }),
    of('a', 'a failed', {
      eventName: 'task.failed',
      severity: 17,
      attributes: { ...error, 'task.duration': 2 },
    }),
  ];

  expect(shown(records).slice(1)).toEqual([
    "06:12:36.000 │ ERROR one  TypeError: Cannot read properties of undefined (reading 'sku')",
    '             │       two',
    '             │ │   TypeError: x',
    '             │ │       at a (b.js:1:1)',
    "06:12:36.000 ✘ a  2.00 s  TypeError: Cannot read properties of undefined (reading 'sku')",
    '             │   TypeError: x',
    '             │       at a (b.js:1:1)',
  ]);
});

test.each([
  ['task.failed', 13, '~ a'],
  ['task.failed', 0, '✘ a'],
  ['task.failed', 17, '✘ a'],
  ['task.cancelled', 9, '⊘ a'],
  ['task.abandoned', 13, '◌ a'],
  ['task.succeeded', 13, '✔ a'],
])('an end by %s of severity %d is shown as %s', (eventName, severity, text) => {
  const records = [startOf('a'), of('a', '', { eventName, severity })];
  expect(shown(records)[1]).toBe(`06:12:36.000 ${text}`);
});

test('a task that has ended is forgotten, and one without a name goes by its id', () => {
  const live = new LiveLines({ form: 'tree', color: false });
  const lines = (each: TreeRecord) => [...live.of(each)];
  expect(lines(of('0123456789abcdef', 'hello'))).toEqual([
    '06:12:36.000 (task 0123456789abcdef) …',
    '06:12:36.000 │ INFO  hello',
  ]);
  expect(live.openTasks).toBe(1);

  expect(lines(of('0123456789abcdef', 'bye', { attributes: { 'task.outcome': 'succeeded' } }))).toEqual([
    '06:12:36.000 ✔ (task 0123456789abcdef)',
  ]);
  expect(live.openTasks).toBe(0);
});

test('name and parent of a task may arrive with a later record, and the first one is used', () => {
  const records = [
    startOf('root'),
    of('a', 'early'),
    of('a', 'named', { attributes: { 'task.name': 'load', 'task.parent.id': 'root' } }),
    of('a', 'renamed', { attributes: { 'task.name': 'other', 'task.parent.id': 'elsewhere' } }),
    startOf('other'),
    of('a', 'back again'),
  ];

  expect(shown(records).slice(1)).toEqual([
    `06:12:36.000 (task ${`${TRACE}/a`.slice(-16)}) …`,
    '06:12:36.000 │ INFO  early',
    '06:12:36.000 root …',
    '06:12:36.000 │ load …',
    '06:12:36.000 │ │ INFO  named',
    '06:12:36.000 │ │ INFO  renamed',
    '06:12:36.000 other  · shop',
    '06:12:36.000 root …',
    '06:12:36.000 │ load …',
    '06:12:36.000 │ │ INFO  back again',
  ]);
});

test('tasks of one id in two traces are two', () => {
  const records = [startOf('a'), startOf('a', '', { traceId: 'f'.repeat(32) })];
  const live = new LiveLines({ form: 'tree', color: false });
  for (const each of records) [...live.of(each)];
  expect(live.openTasks).toBe(2);
});

test('a cycle of parents ends the path', () => {
  const records = [startOf('a', 'b'), startOf('b', 'a'), of('a', 'said')];
  expect(shown(records)).toEqual([
    '06:12:36.000 a  · shop',
    '06:12:36.000 │ b',
    '06:12:36.000 b …',
    '06:12:36.000 │ a …',
    '06:12:36.000 │ │ INFO  said',
  ]);
});

test('the eight closest ancestors are repeated, and a line counts the others', () => {
  const chain = Array.from({ length: 12 }, (_, at) => startOf(`t${at}`, at === 0 ? '' : `t${at - 1}`));
  const repeated = shown([...chain, startOf('other'), of('t11', 'said')]).slice(13);

  expect(repeated).toHaveLength(1 + 8 + 1);
  expect(repeated[0]).toBe('06:12:36.000 … 4 tasks above …');
  expect(repeated[1]).toBe(`06:12:36.000 ${'│ '.repeat(4)}t4 …`);
  expect(repeated[8]).toBe(`06:12:36.000 ${'│ '.repeat(11)}t11 …`);
  expect(repeated[9]).toBe(`06:12:36.000 ${'│ '.repeat(12)}INFO  said`);
  const eight = shown([...chain.slice(0, 8), startOf('other'), of('t7', 'said')]).slice(9);
  expect(eight[0]).toBe('06:12:36.000 t0 …');
  expect(eight).toHaveLength(8 + 1);
});

test('a line is at most 64 tasks deep', () => {
  const chain = Array.from({ length: 70 }, (_, at) => startOf(`t${at}`, at === 0 ? '' : `t${at - 1}`));
  expect(shown(chain).at(-1)).toMatch(/\(\+39\) t69$/);
});

test('a repeated name is truncated to 80 characters, but complete at the start of its task', () => {
  const name = 'n'.repeat(200);
  const start = of('a', name, { eventName: 'task.started', attributes: { 'task.name': name } });
  const lines = shown([start, startOf('other'), of('a', 'said')]);

  expect(lines[0]).toContain(`${name}  · shop`);
  expect(lines[2]).toBe(`06:12:36.000 ${'n'.repeat(79)}… …`);
});

test('a record without a task is not indented, and does not change the branch', () => {
  const records = [
    startOf('a'),
    record({
      body: 'outside',
      severity: 17,
      attributes: { ...ERROR, 'exception.stacktrace': 'X: y\n    at z' },
    }),
    of('a', 'inside'),
  ];
  expect(shown(records, { traces: true })).toEqual([
    '06:12:36.000 a  · shop',
    `06:12:36.000 ERROR shop test outside  TypeError: Cannot read properties of undefined (reading 'sku')  trace ${TRACE}`,
    '               X: y',
    '                   at z',
    '06:12:36.000 │ INFO  inside',
  ]);
});

test('a flat line has the trace only if requested and present', () => {
  const lines = (traceId: string, traces: boolean | undefined) =>
    shown([record({ traceId, body: 'one\ntwo' })], { form: 'flat', traces });
  expect(lines(TRACE, true)).toEqual([
    `06:12:36.000 INFO  shop test one  trace ${TRACE}`,
    '                   two',
  ]);
  expect(lines('', true)[0]).toBe('06:12:36.000 INFO  shop test one');
  expect(lines(TRACE, undefined)[0]).toBe('06:12:36.000 INFO  shop test one');
  expect(lines(TRACE, false)[0]).toBe('06:12:36.000 INFO  shop test one');
});

test('a burst in flat lines is its text with its trace, without severity and source', () => {
  const burst = (body: string) => record({ body, eventName: 'burst.released', scope: 'burstlog' });
  expect(shown([burst('3 released'), burst('')], { form: 'flat', traces: true })).toEqual([
    `06:12:36.000       ⇡ 3 released  trace ${TRACE}`,
    `06:12:36.000       ⇡ burst  trace ${TRACE}`,
  ]);
});

test('flat lines of tasks have no guides, and name the task if the text does not', () => {
  const records = [startOf('a'), of('b', 'said', { attributes: { 'task.name': 'load cart' } })];
  expect(shown(records, { form: 'flat' })).toEqual([
    '06:12:36.000 INFO  shop test a',
    '06:12:36.000 INFO  shop test load cart said',
  ]);
});

test('the source of a flat line is bounded, and unknown parts of it are omitted', () => {
  const [long] = shown([record({ service: 's'.repeat(100), scope: '', body: 'x' })], { form: 'flat' });
  expect(long).toBe(`06:12:36.000 INFO  ${'s'.repeat(79)}… x`);
  expect(shown([record({ service: '', scope: '', body: 'x' })], { form: 'flat' })).toEqual([
    '06:12:36.000 INFO  x',
  ]);
});

test('colors mark severity, goal, outcome and secondary text', () => {
  const { records } = new TaskStory('a', 'job').start(0).say(1, 'bad', { severity: 17 }).fail(2, 1, {
    'exception.type': 'E',
    'exception.message': 'no',
  });
  expect(shown(records, { color: true })).toEqual([
    '\x1b[2m06:12:36.000 \x1b[0m\x1b[1mjob\x1b[0m\x1b[2m  · shop\x1b[0m',
    '\x1b[2m06:12:36.001 │ \x1b[0m\x1b[1;31mERROR\x1b[0m \x1b[31mbad\x1b[0m',
    '\x1b[2m06:12:36.002 \x1b[0m\x1b[1;31m✘ job\x1b[0m  1.00 s\x1b[31m  E: no\x1b[0m',
  ]);
  const [start, , end] = shown(
    new TaskStory('a', 'job')
      .start(0)
      .say(1, '')
      .fail(2, 1, { 'exception.type': 'E', 'exception.message': 'no' }, { severity: 13 }).records,
    { color: true },
  );
  expect(start).toContain('\x1b[1mjob\x1b[0m');
  expect(end).toBe('\x1b[2m06:12:36.002 ~\x1b[0m job  1.00 s\x1b[2m  E: no\x1b[0m');
});
