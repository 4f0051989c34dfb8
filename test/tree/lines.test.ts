import { buildTrees, type LinesOptions, lines, onlyFailed, type TreeRecord } from '../../src/tree/index.ts';
import { ERROR, failedCheckout, passedOn, record, TaskStory, TRACE } from './story.ts';

function shown(records: Iterable<TreeRecord>, options?: LinesOptions): string[] {
  return [...lines(buildTrees(records), options)];
}

test('a failed request reads as one story across processes', () => {
  expect(shown(failedCheckout())).toEqual([
    '✘ checkout  1.24 s  · shop  user=leo',
    `│ 2026-11-21 06:12:36.000 UTC  trace ${TRACE}  7 tasks, 22 records, 5 missing`,
    '│ failed: checkout › reserve stock › ask warehouse',
    "│ cause: TypeError: Cannot read properties of undefined (reading 'sku')",
    '│ tasks: ✔ 3 ✘ 3 ⊘ 1',
    '│ ↪ continued in … send invoice  trace 5cf92f3577b34da6a3ce929d0e0e4737',
    '│ 06:12:36.002 DEBUG reading the cart',
    '│ ✔ 2 ⊘ 1 tasks, 7 records, 2 missing folded: load cart, price, check voucher',
    '│ 06:12:36.131 INFO  asking for stock  sku=42',
    '│ 06:12:36.132 DEBUG POST /reserve',
    '│ ⋯ a missing task or span (id b00000000000000f)',
    '│ │ ✘ reserve stock  430 ms  · stock',
    "│ │ │ ≠ the clock of stock is at least 60 ms behind its caller's: placed by cause",
    '│ │ │ 06:12:35.942 DEBUG reserving',
    '│ │ │ ✔ check token  2.1 ms  (2 records folded)',
    '│ │ │ ✘ ask warehouse  412 ms  sku=42',
    '│ │ │ │ 06:12:35.951 DEBUG GET http://10.0.0.1/stock/42',
    '│ │ │ │ ⋯ 3 records missing: held back or lost',
    '│ │ │ │ 06:12:36.360 WARN  the answer has no body  status=204',
    "│ │ │ │ ✘ TypeError: Cannot read properties of undefined (reading 'sku')",
    '│ │ │ │       at askWarehouse (file:///srv/stock/warehouse.js:41:17)',
    '│ │ │ │       at reserve (file:///srv/stock/reserve.js:12:9)',
    '│ │ │ │       at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
    '│ │ │ │       at async handle (file:///srv/stock/server.js:77:3)',
    '│ │ │ │       at async a (file:///srv/stock/server.js:78:3)',
    '│ │ │ │       at async b (file:///srv/stock/server.js:79:3)',
    '│ │ │ │     … 2 more lines',
    '│ │ │ │     [cause]: SyntaxError: Unexpected end of JSON input',
    '│ │ │ │       at JSON.parse (<anonymous>)',
    '│ │ │ │       at parseAnswer (file:///srv/stock/warehouse.js:30:15)',
    '│ 06:12:36.600 WARN  no answer from stock, last try',
    '│ ✘ Error: stock answered 500',
    '',
    '… send invoice  no end seen  · mail',
    '│ 2026-11-21 06:12:37.300 UTC  trace 5cf92f3577b34da6a3ce929d0e0e4737  1 task, 2 records',
    `│ ↪ continues checkout  trace ${TRACE}`,
    '│ 06:12:37.310 DEBUG connecting to smtp',
  ]);
});

test('with unfold none a tree is its header, its facts and its failures', () => {
  expect(shown(failedCheckout(), { unfold: 'none' })).toHaveLength(6 + 1 + 3);
});

test('with unfold all nothing is folded and each record is shown', () => {
  const text = shown(failedCheckout(), { unfold: 'all' }).join('\n');
  expect(text).not.toMatch(/folded|more line/);
  expect(text).toContain('│ ✔ price  29 ms\n│ │ 06:12:36.095 DEBUG tax of DE\n');
});

test('many quiet trees are one line, a few have a line each', () => {
  const trees = (count: number) =>
    Array.from({ length: count }, (_, at) => {
      const common = { traceId: at.toString(16).padStart(32, '0') };
      return new TaskStory(`t${at}`, `job ${at % 5}`, common).start(at).succeed(at + 1, 0.001).records;
    }).flat();
  expect(shown(trees(12))).toEqual(['✔ 12 tasks, 24 records folded: job 0, job 1, job 2, …']);
  expect(shown(trees(2))).toEqual([
    '✔ job 0  1.0 ms  · shop  (2 records folded)',
    '✔ job 1  1.0 ms  · shop  (2 records folded)',
  ]);
});

test('a failure that was handled is shown, although the root succeeded', () => {
  const root = new TaskStory('a', 'checkout').start(0).say(1, 'quiet');
  const child = new TaskStory('b', 'cache', { parent: 'a' }).start(2).fail(3, 0.001, ERROR);
  root.say(4, 'quiet again').succeed(5, 0.005);
  expect(shown([...root.records, ...child.records]).slice(0, 8)).toEqual([
    '✔ checkout  5.0 ms  · shop',
    expect.stringContaining('2 tasks, 6 records'),
    '│ failed inside: checkout › cache',
    "│ cause: TypeError: Cannot read properties of undefined (reading 'sku')",
    '│ tasks: ✔ 1 ✘ 1',
    '│ · 1 record folded',
    '│ ✘ cache  1.0 ms',
    "│ │ ✘ TypeError: Cannot read properties of undefined (reading 'sku')",
  ]);
});

test('an expected failure is not shown as one, unless it caused an unexpected one', () => {
  const expected = { severity: 13 };
  const root = new TaskStory('a', 'checkout').start(0).succeed(9, 1);
  const child = new TaskStory('b', 'cache', { parent: 'a' }).start(2).fail(3, 0.001, ERROR, expected);
  const both = [...root.records, ...child.records];
  expect(shown(both)).toEqual(['✔ checkout  1.00 s  · shop  (1 task, 4 records folded)']);
  expect(shown(both, { unfold: 'all' }).slice(2)).toEqual([
    '│ ~ cache  1.0 ms  failed as expected',
    "│ │ ~ TypeError: Cannot read properties of undefined (reading 'sku')",
  ]);
  expect(shown(new TaskStory('b', 'cache').start(2).fail(3, 0.001, ERROR, expected).records)).toEqual([
    '~ cache  1.0 ms  failed as expected  · shop  (2 records folded)',
  ]);
  expect(onlyFailed(buildTrees(both)).traces).toEqual([]);
  const failedRoot = new TaskStory('a', 'checkout').start(0).fail(9, 1, passedOn('b'));
  expect(shown([...failedRoot.records, ...child.records])).toContain('│ ✘ cache  1.0 ms');
});

test('missing records of a trace without failures were held back', () => {
  const quiet = () => new TaskStory('a', 'job').start(0).hold(2).succeed(1, 1).records;
  expect(shown(quiet())).toEqual(['✔ job  1.00 s  · shop  (2 records folded, 2 held back)']);
  expect(shown(quiet(), { unfold: 'all' }).slice(1)).toEqual([
    `│ 2026-11-21 06:12:36.000 UTC  trace ${TRACE}  1 task, 2 records, 2 held back`,
    '│ ⋯ 2 records held back',
  ]);
  const many = Array.from({ length: 6 }, (_, at) =>
    new TaskStory(`t${at}`, 'job', { traceId: `${at}` }).start(0).hold(1).succeed(1, 1),
  );
  expect(shown(many.flatMap(({ records }) => records))).toEqual([
    '✔ 6 tasks, 12 records, 6 held back folded: job',
  ]);
  const failed = new TaskStory('a', 'job').start(0).hold(2).fail(1, 1, ERROR).records;
  expect(shown(failed)[1]).toContain('2 missing');
});

test('a body of several lines is shown as lines, and cannot pass for other records', () => {
  const body = 'the query was\n  SELECT 1\n✔ all is well\n';
  const story = new TaskStory('a', 'job').start(0).say(1, body, { severity: 17, attributes: { k: 1 } });
  expect(shown(story.fail(2, 1, ERROR).records).slice(3, 6)).toEqual([
    '│ 06:12:36.001 ERROR the query was  k=1',
    '│                      SELECT 1',
    '│                    ✔ all is well',
  ]);
  const long = Array.from({ length: 1_000 }, (_, at) => `line ${at}`).join('\n');
  const text = shown(
    new TaskStory('a', 'job').start(0).say(1, long, { severity: 17 }).fail(2, 1, ERROR).records,
  );
  expect(text).toContain('│                    … 976 more lines');
  const reason = { ...ERROR, 'exception.message': 'first\nsecond' };
  const failed = shown(new TaskStory('a', 'job').start(0).fail(2, 1, reason).records);
  expect(failed).toEqual(expect.arrayContaining(['│ cause: TypeError: first', '│        second']));
  expect(failed).toEqual(expect.arrayContaining(['│ ✘ TypeError: first', '│   second']));
});

test('a megabyte in one line is cut', () => {
  const text = shown([record({ severity: 17, body: 'x'.repeat(1_000_000), traceId: '' })]);
  expect(text[1]!.length).toBeLessThan(4_200);
  expect(text[1]).toMatch(/x… \(995904 more\)$/);
});

test('a task of Python distlog has a name, and is not shown as unfinished', () => {
  const python = (logged: readonly [string, number][]) =>
    logged.map(([body, severity], at) =>
      record({
        at,
        body,
        severity,
        eventName: at === 0 ? 'task.started' : '',
        attributes: {
          'task.id': 'a',
          'task.sequence': at + 1,
          'distlog.key': `${at}@uuid`,
          ...(at === 0 ? { 'task.name': 'charge %d' } : {}),
        },
      }),
    );
  const start = ['charge 42', 9] as const;
  expect(shown(python([[...start], ['asking', 9], ['charged', 9]]))).toEqual([
    '… charge 42  · shop  (3 records folded)',
  ]);
  expect(shown(python([[...start], ['asking', 9], [...start]]))).toEqual([
    '✔ charge 42  2.0 ms  · shop  (3 records folded)',
  ]);
  expect(shown(python([[...start], ['asking', 9], ['FAILED charge 42', 17]]))).toEqual([
    '✘ charge 42  2.0 ms  · shop',
    expect.anything(),
    '│ 06:12:36.001 INFO  asking',
    '│ ✘ FAILED charge 42',
  ]);
});

test('an error is shown once, however many tasks it passed through', () => {
  const tasks = ['a', 'b', 'c'].map((id, at) => {
    const story = new TaskStory(id, `goal ${id}`, at === 0 ? {} : { parent: 'ab'[at - 1]! }).start(at);
    return story.fail(10 - at, 0.01, id === 'c' ? ERROR : passedOn('c'));
  });
  const text = shown(tasks.flatMap(({ records }) => records));
  expect(text.filter((line) => line.includes('✘ TypeError'))).toHaveLength(1);
  expect(text.filter((line) => line.includes('at askWarehouse'))).toHaveLength(1);
  expect(text).toContain('│ failed: goal a › goal b › goal c');
});

test('a failure whose innermost task is missing is marked, and shows what is known', () => {
  const text = shown(new TaskStory('a', 'checkout').start(0).fail(1, 1, passedOn('gone')).records);
  expect(text).toContain('│ the error came from a missing task (id gone)');
  expect(text).toContain("│ ✘ TypeError: Cannot read properties of undefined (reading 'sku')");
});

test('an abandoned task and a task without an end are opened', () => {
  const abandoned = new TaskStory('a', 'left').start(0).say(1, 'last words');
  abandoned.say(2, 'left abandoned', {
    eventName: 'task.abandoned',
    severity: 13,
    attributes: { 'task.outcome': 'abandoned', 'task.duration': 0.002 },
  });
  expect(shown(abandoned.records)).toEqual([
    '◌ left  2.0 ms  abandoned  · shop',
    expect.anything(),
    '│ 06:12:36.001 INFO  last words',
  ]);
});

test('the message of success() is shown unless it only repeats the goal', () => {
  const said = new TaskStory('a', 'charge').start(0).succeed(1, 1, 'charged 42');
  expect(shown(said.records, { unfold: 'all' }).at(-1)).toBe('│ ✔ charged 42');
  const silent = new TaskStory('a', 'charge').start(0).succeed(1, 1);
  expect(shown(silent.records, { unfold: 'all' })).toHaveLength(2);
});

test('a refused header, a cycle and an unknown parent are reported', () => {
  const refused = new TaskStory('a', 'serve').start(0, { 'task.refused_traceparent': '00-zz' });
  expect(shown(refused.records, { unfold: 'all' })[2]).toBe(
    '│ ≠ a separate tree, because its header was refused: 00-zz',
  );
  const circle = new TaskStory('a', 'self', { parent: 'a' }).start(0);
  expect(shown(circle.records)[2]).toBe('│ ≠ its parents form a cycle, which is broken here (parent a)');
  const orphan = new TaskStory('a', 'alone', { parent: 'lost' }).start(0);
  expect(shown(orphan.records)[2]).toBe('│ under a missing task or span (id lost)');
});

test('the beginning and the end of a long failed task are shown', () => {
  const story = new TaskStory('a', 'long').start(0);
  for (let at = 1; at <= 200; at += 1) story.say(at, `step ${at}`, { severity: 5 });
  const text = shown(story.fail(201, 1, ERROR).records);
  expect(text.filter((line) => line.includes('DEBUG'))).toHaveLength(4 + 39);
  expect(text).toContain('│ · 157 records folded');
});

test('records without a task are shown under their trace, expanded for an error', () => {
  expect(shown([record({ body: 'hello' })])).toEqual([`· 1 record without a task folded  trace ${TRACE}`]);
  const bad = record({ body: 'bad', severity: 17, traceId: '' });
  expect(shown([bad])).toEqual(['· 1 record without a task  no trace', '│ 06:12:36.000 ERROR bad']);
});

test.each([
  [0.000_85, '850 µs'],
  [0.0021, '2.1 ms'],
  [0.412, '412 ms'],
  [0.9996, '1.00 s'],
  [1.24, '1.24 s'],
  [59.94, '59.9 s'],
  [59.96, '1 min'],
  [123, '2 min 3 s'],
  [3_599.7, '1 h'],
  [11_100, '3 h 5 min'],
  [187_200, '2 d 4 h'],
])('%d seconds are shown as %s', (seconds, text) => {
  const task = new TaskStory('a', 'a').start(0).succeed(1, seconds);
  expect(shown(task.records)[0]).toContain(`✔ a  ${text}  ·`);
});

test('without UTF-8 every mark is ASCII, and so is the data', () => {
  const story = new TaskStory('b', 'zürich 東京', { traceId: 'f'.repeat(32) }).start(0);
  const text = shown([...failedCheckout(), ...story.records], { ascii: true }).join('\n');
  expect(text).toMatch(/^[\n -~]*$/);
  expect(text).toContain('[FAILED] checkout  1.24 s  in shop');
  expect(text).toContain('| failed: checkout > reserve stock > ask warehouse');
  expect(text).toContain('z\\xfcrich \\u6771\\u4eac');
});

test('lines are truncated to the width; wide characters take two columns, combining marks none', () => {
  const text = shown(new TaskStory('a', '東'.repeat(30)).start(0).records, { width: 20 });
  expect(text[0]).toBe(`… ${'東'.repeat(8)}…`);
  const marked = shown(new TaskStory('a', 'e\u0301'.repeat(30)).start(0).records, { width: 20 });
  expect(marked[0]).toBe(`… ${'e\u0301'.repeat(17)}…`);
  expect(text[1]).toHaveLength(20);
});

test('colors are escape sequences that are all closed, and are off by default', () => {
  const colored = shown(failedCheckout(), { color: true });
  const plainText = shown(failedCheckout());
  const sgr = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g');
  expect(colored.map((line) => line.replaceAll(sgr, ''))).toEqual(plainText);
  expect(colored[0]).toBe(
    '\x1b[1;31m✘\x1b[0m \x1b[1;31mcheckout\x1b[0m  1.24 s\x1b[2m  · shop  user=leo\x1b[0m',
  );
});

test('maxLines truncates the output and reports it', () => {
  const text = shown(failedCheckout(), { maxLines: 3 });
  expect(text).toHaveLength(4);
  expect(text[3]).toBe('… cut after 3 lines');
  expect(shown(failedCheckout(), { maxLines: 37 })).toHaveLength(37);
});

test.each([
  [{ width: 19 }, 'width must be a whole number from 20, or Infinity, got 19'],
  [{ maxLines: 0 }, 'maxLines must be a whole number from 1, or Infinity, got 0'],
  [{ unfold: 'some' }, 'unfold must be "failing", "all" or "none", got "some"'],
  [{ color: 'auto' }, 'color must be true or false, got "auto"'],
  [{ colour: true }, 'lines has no option "colour"; did you mean color?'],
])('a wrong option is refused: %j', (options, message) => {
  expect(() => shown([], options as LinesOptions)).toThrow(message);
});

test('a failed task of fifty records is shown completely, a longer one with its first five and last forty', () => {
  const debugOf = (records: number) => {
    const story = new TaskStory('a', 'long').start(0);
    for (let at = 1; at < records - 1; at += 1) story.say(at, `step ${at}`, { severity: 5 });
    return shown(story.fail(records, 1, ERROR).records).filter((line) => /DEBUG|folded/.test(line));
  };
  expect(debugOf(50)).toHaveLength(48);
  const cut = debugOf(51);
  expect(cut).toHaveLength(4 + 1 + 39);
  expect(cut.slice(3, 6).map((line) => line.slice('│ '.length))).toEqual([
    '06:12:36.004 DEBUG step 4',
    '· 6 records folded',
    '06:12:36.011 DEBUG step 11',
  ]);
});

test('the folded middle of a long task still shows warnings, nearby gaps and steps', () => {
  const story = new TaskStory('a', 'long').start(0).hold(2);
  for (let at = 1; at <= 100; at += 1) {
    story.say(at, `step ${at}`, { severity: at === 50 ? 13 : 5 });
    if (at === 30) story.hold(3);
  }
  const failedStep = new TaskStory('b', 'inner', { parent: 'a' }).start(40.5).fail(40.6, 1, ERROR);
  const text = shown([...story.fail(200, 1, passedOn('b')).records, ...failedStep.records]);
  expect(text).toEqual(
    expect.arrayContaining([
      '│ ⋯ 2 records missing: held back or lost',
      '│ 06:12:36.050 WARN  step 50',
      '│ ✘ inner  1.00 s',
    ]),
  );
  expect(text.join('\n')).not.toContain('⋯ 3 records');
});

test('a quiet task between loud ones is folded with its records, also below a missing node', () => {
  const root = new TaskStory('r', 'root').start(0).say(1, 'call', { spanId: 'http' }).fail(90, 1, ERROR);
  const child = (id: string, at: number) => new TaskStory(id, id, { parent: 'http' }).start(at);
  const stories = [
    child('one', 2).succeed(3, 1),
    child('two', 4).fail(5, 1, ERROR),
    child('three', 6).succeed(7, 1),
  ];
  const text = shown([root, ...stories].flatMap(({ records }) => records));
  const from = text.indexOf('│ ⋯ a missing task or span (id http)');
  expect(text.slice(from + 1, from + 3)).toEqual([
    '│ │ ✔ one  1.00 s  (2 records folded)',
    '│ │ ✘ two  1.00 s',
  ]);
  expect(text).toContain('│ │ ✔ three  1.00 s  (2 records folded)');
});

test('an expanded tree is separated by an empty line from preceding output', () => {
  const job = (at: number, end: 'succeed' | 'fail') =>
    new TaskStory(`t${at}`, `job ${at}`, { traceId: String(at).repeat(32) }).start(at)[end](at + 1, 1)
      .records;
  const story = record({ at: 9, traceId: '9'.repeat(32), body: 'broken', severity: 17 });
  const heads = (...records: readonly (readonly TreeRecord[])[]) =>
    shown(records.flat(), { unfold: 'none' }).filter((line) => !line.startsWith('│'));
  expect(heads(job(1, 'fail'))).toEqual(['✘ job 1  1.00 s  · shop']);
  expect(heads(job(1, 'fail'), job(2, 'fail'), [story])).toEqual([
    '✘ job 1  1.00 s  · shop',
    '',
    '✘ job 2  1.00 s  · shop',
    '',
    `✘ trace ${'9'.repeat(32)}  · shop`,
  ]);
  expect(heads(job(1, 'succeed'), job(2, 'fail'), job(3, 'succeed'))).toEqual([
    '✔ job 1  1.00 s  · shop  (2 records folded)',
    '',
    '✘ job 2  1.00 s  · shop',
    '✔ job 3  1.00 s  · shop  (2 records folded)',
  ]);
  expect(heads([story])).toEqual([`✘ trace ${'9'.repeat(32)}  · shop`]);
});

test('a message of success() with several lines is shown as lines', () => {
  const said = new TaskStory('a', 'charge').start(0).succeed(1, 1, 'charged\n42');
  expect(shown(said.records, { unfold: 'all' }).slice(-2)).toEqual(['│ ✔ charged', '│   42']);
  const cancelled = new TaskStory('a', 'charge').start(0);
  cancelled.say(1, 'charge cancelled: not needed', {
    eventName: 'task.cancelled',
    attributes: { 'task.outcome': 'cancelled' },
  });
  expect(shown(cancelled.records, { unfold: 'all' }).at(-1)).toBe('│ ⊘ not needed');
});

test('with unfold all each task that an error passed through shows the stack', () => {
  const tasks = ['a', 'b'].map((id, at) =>
    new TaskStory(id, `goal ${id}`, at === 0 ? {} : { parent: 'a' }).start(at).fail(10 - at, 0.01, ERROR),
  );
  const text = shown(
    tasks.flatMap(({ records }) => records),
    { unfold: 'all' },
  );
  expect(text.filter((line) => line.includes('at askWarehouse'))).toHaveLength(1);
  const away = new TaskStory('a', 'goal a')
    .start(0)
    .fail(9, 1, { ...ERROR, 'exception.stacktrace': 'E\n    at outer' });
  const child = new TaskStory('b', 'goal b', { parent: 'a', process: 'host/2' }).start(1).fail(2, 1, ERROR);
  const both = shown([...away.records, ...child.records], { unfold: 'all' });
  expect(both.filter((line) => /at outer|at askWarehouse/.test(line))).toHaveLength(2);
  expect(shown([...away.records, ...child.records]).join('\n')).not.toContain('at outer');
});
