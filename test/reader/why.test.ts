import { deviationLines, failedTaskOf, whyLines, whyOfTrace } from '../../src/reader/index.ts';
import { ERROR, passedOn, record, STACK, TaskStory as Story, TRACE } from '../tree/story.ts';

const id = (at: number) => `a${String(at).padStart(15, '0')}`;
const OTHER = 'c'.repeat(32);
const why = (records: Parameters<typeof failedTaskOf>[0]) => whyLines(failedTaskOf(records)!);
const failing = (at = 1, name = 'pay', common: ConstructorParameters<typeof Story>[2] = {}) =>
  new Story(id(at), name, common).start(at * 100);
const burst = (attributes: object) =>
  record({ at: 500, eventName: 'burst.released', body: 'burst released', attributes: attributes as never });

test('without a failure there is nothing to explain', () => {
  expect(failedTaskOf([])).toBeUndefined();
  expect(failedTaskOf(failing().succeed(200, 0.1).records)).toBeUndefined();
  expect(whyOfTrace([])).toBeUndefined();
  expect(whyOfTrace([record({ severity: 16, body: 'a warning' })])).toBeUndefined();
});

test('the last root that failed is explained by the task in which its error began', () => {
  const first = failing(1, 'earlier', { traceId: OTHER }).fail(150, 0.05, ERROR);
  const root = failing(2, 'checkout');
  const inner = new Story(id(3), 'charge', { parent: root.id }).start(210).fail(220, 0.01, ERROR);
  root.fail(230, 0.03, passedOn(inner.id));
  const fine = failing(4, 'later').succeed(450, 0.05);
  const failed = failedTaskOf([first, root, inner, fine].flatMap(({ records }) => records))!;
  expect(failed).toMatchObject({ root: { name: 'checkout' }, innermost: { name: 'charge' } });
  expect(whyLines(failed).slice(0, 4)).toEqual([
    `trace: ${TRACE}`,
    'failing path: checkout › charge',
    'service: shop, after 10 ms',
    `cause: TypeError: ${ERROR['exception.message']}`,
  ]);
});

test('unknown facts are shown as unknown', () => {
  const story = new Story(id(1), 'pay', { traceId: '', service: '' }).start(0);
  const records = story.fail(1, 0.001, {}, { body: '', attributes: {} }).records.map((each) => {
    const { 'task.duration': _, ...attributes } = each.attributes;
    return { ...each, attributes };
  });
  const lines = why(records);
  expect(lines.slice(0, 3)).toEqual([
    'trace: none',
    'failing path: pay',
    expect.stringMatching(/^service: unknown/),
  ]);
});

test('at most sixteen values of the task are shown, and a long value is truncated', () => {
  const attributes = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`key${at}`, at]));
  const lines = why(
    new Story(id(1), 'pay', { attributes: { long: 'x'.repeat(121), ...attributes } })
      .start(0)
      .fail(1, 0.001, ERROR).records,
  );
  const data = lines.find((line) => line.startsWith('data: '))!;
  expect(data.split(' ')).toHaveLength(1 + 16);
  expect(data).toMatch(/^data: long=x{119}… key0=0 .*key14=14$/);
  expect(why(failing().fail(101, 0.001, ERROR).records).some((line) => line.startsWith('data:'))).toBe(false);
});

test('a long stack is shown with its first frames, then the causes without their frames', () => {
  const frames = (name: string, count: number) =>
    Array.from({ length: count }, (_, at) => `    at ${name}${at} (file:///srv/app.js:${at}:1)`);
  const stack = ['Error: outer', ...frames('f', 20), '  [cause]: Error: inner', ...frames('g', 3), ''];
  const lines = why(
    failing().fail(101, 0.001, { ...ERROR, 'exception.stacktrace': stack.join('\r\n') }).records,
  );
  const from = lines.indexOf('stack:');
  expect(lines.slice(from + 1)).toEqual([...stack.slice(0, 14), '  [cause]: Error: inner']);
  const short = why(failing().fail(101, 0.001, ERROR).records);
  expect(short.slice(short.indexOf('stack:') + 1)).toEqual(STACK.split('\n'));
});

test('the last twelve records before the end are shown with their own attributes', () => {
  const few = failing().say(110, 'asking', {
    attributes: { sku: 42, 'burst.id': 'b1', 'code.line.number': 7 },
  });
  few.say(120, '', { eventName: 'stock.asked' });
  const lines = why(few.fail(130, 0.03).records);
  const from = lines.indexOf('before it:');
  expect(lines.slice(from + 1, from + 3)).toEqual([
    '  06:12:36.110 asking sku=42',
    '  06:12:36.120 stock.asked',
  ]);

  const many = failing();
  for (let at = 1; at <= 13; at += 1) many.say(100 + at, `step ${at}`);
  const all = why(many.fail(130, 0.03).records);
  const begin = all.indexOf('before it (the last 12 of 13):');
  expect(all.slice(begin + 1, begin + 13).map((line) => line.slice(15))).toEqual(
    Array.from({ length: 12 }, (_, at) => `step ${at + 2}`),
  );
});

test('losses of the burst and the task are shown by cause', () => {
  const story = failing().hold(3).fail(101, 0.001, ERROR);
  const lines = why([
    ...story.records,
    burst({ 'burst.evicted.age': 4, 'burst.evicted.bytes': 0, 'burst.dropped': 2, 'burst.released': 9 }),
  ]);
  expect(lines.slice(-2)).toEqual([
    'burst: burst released; lost by cause: age 4, dropped 2',
    '3 records of the failing task are missing: held back or lost',
  ]);
  const nothing = why([...failing().fail(101, 0.001, ERROR).records, burst({ 'burst.released': 9 })]);
  expect(nothing.at(-1)).toBe('burst: burst released');
});

test('an error that came from a missing task is reported as such', () => {
  const lines = why(failing().fail(101, 0.001, passedOn(id(7))).records);
  expect(lines).toContain(`the error came from a missing task (id ${id(7)})`);
});

test('a trace without tasks is explained by the first error of the last trace that has one', () => {
  const at = (millis: number, body: string, more = {}) =>
    record({ at: millis, traceId: OTHER, body, ...more });
  const steps = Array.from({ length: 14 }, (_, step) => at(step, `step ${step}`));
  const lines = whyOfTrace([
    record({ at: -5, body: 'earlier error', severity: 17 }),
    ...steps,
    at(20, 'cart is gone', { severity: 17, attributes: ERROR }),
    at(21, 'again', { severity: 21 }),
  ])!;
  expect(lines.slice(0, 3)).toEqual([
    `trace: ${OTHER} (no task failed in it)`,
    'service: shop',
    'cause: cart is gone',
  ]);
  expect(lines).toContain('stack:');
  const from = lines.indexOf('before it:');
  expect(lines.slice(from + 1)).toHaveLength(12);
  expect(lines[from + 1]).toContain('step 2');

  expect(whyOfTrace([record({ traceId: '', service: '', severity: 17, eventName: 'it.broke' })])).toEqual([
    'trace: none (no task failed in it)',
    'service: unknown',
    'cause: it.broke',
  ]);
});

describe('compared with a task of the same name that succeeded', () => {
  const run = (at: number, traceId: string, common: object = {}) =>
    new Story(id(at), 'pay', { traceId, attributes: common as never }).start(at * 100);
  const compared = (bad: Story, good: Story, more: Story[] = []) =>
    deviationLines(failedTaskOf([bad, ...more].flatMap(({ records }) => records))!, good.records);

  test('without one there is nothing to compare', () => {
    const bad = run(1, TRACE).fail(101, 0.001, ERROR);
    expect(compared(bad, new Story(id(2), 'refund', { traceId: OTHER }).start(0).succeed(1, 0.001))).toEqual(
      [],
    );
    expect(compared(bad, run(2, OTHER).fail(201, 0.001, ERROR))).toEqual([]);
  });

  test('different data and the first different step are shown; numbers in texts may differ', () => {
    const bad = run(1, TRACE, { user: 'leo', tier: 'gold', same: 1 })
      .say(110, 'read 3 rows')
      .say(111, 'quiet', { severity: 5 })
      .say(112, 'no answer', { severity: 13 })
      .fail(120, 0.02, ERROR);
    const good = run(2, OTHER, { user: 'zoë', same: 1, late: true })
      .say(210, 'read 4711 rows')
      .say(212, 'stock answered')
      .succeed(220, 0.02);
    expect(compared(bad, good)).toEqual([
      `compared with a "pay" that succeeded, trace ${OTHER}:`,
      '  data user: leo here, zoë there',
      '  data tier: gold here, nothing there',
      '  data late: nothing here, true there',
      '  the same until: "read 3 rows"',
      '  first deviation: "no answer" here, "stock answered" there',
    ]);
  });

  test('if one has more steps than the other, the other is shown with nothing more', () => {
    const bad = run(1, TRACE).say(110, 'a').fail(120, 0.02, ERROR);
    const good = run(2, OTHER).say(210, 'a').say(211, 'b').succeed(220, 0.02);
    expect(compared(bad, good).slice(1)).toEqual([
      '  the same until: "a"',
      '  first deviation: nothing more here, "b" there',
    ]);
    const same = run(3, OTHER).say(210, 'a').succeed(220, 0.02);
    expect(compared(bad, same).slice(1)).toEqual(['  the same until: "a"']);
  });

  test('tasks without steps are reported, and different first steps have nothing in common', () => {
    const bad = run(1, TRACE).fail(120, 0.02, ERROR);
    expect(compared(bad, run(2, OTHER).succeed(220, 0.02)).slice(1)).toEqual([
      '  neither logged any other step',
    ]);
    const begun = run(1, TRACE).say(110, 'a').fail(120, 0.02, ERROR);
    expect(compared(begun, run(2, OTHER).say(210, 'b').succeed(220, 0.02)).slice(1)).toEqual([
      '  first deviation: "a" here, "b" there',
    ]);
  });

  test('a child task is a step with its outcome, a quiet one is not a step', () => {
    const bad = run(1, TRACE);
    const inner = new Story(id(5), 'charge', { traceId: TRACE, parent: bad.id })
      .start(110)
      .fail(111, 0.001, ERROR);
    bad.fail(120, 0.02, passedOn(inner.id));
    const good = run(2, OTHER);
    const fine = new Story(id(6), 'charge', { traceId: OTHER, parent: good.id })
      .start(210)
      .succeed(211, 0.001);
    good.succeed(220, 0.02);
    const failed = failedTaskOf([...bad.records, ...inner.records])!;
    expect(deviationLines(failed, [...good.records, ...fine.records]).slice(1)).toEqual([
      '  first deviation: "charge" failed here, "charge" succeeded there',
    ]);
    const quiet = fine.records.map((each) => ({ ...each, severity: 5 }));
    expect(deviationLines(failed, [...good.records, ...quiet]).slice(1)).toEqual([
      '  first deviation: "charge" failed here, nothing more there',
    ]);
  });
});
