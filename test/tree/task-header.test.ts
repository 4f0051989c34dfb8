import { buildTrees, type LinesOptions, lines, type TreeRecord } from '../../src/tree/index.ts';
import { ERROR, record, TaskStory, TRACE } from './story.ts';

function shown(stories: readonly TaskStory[], options?: LinesOptions): string[] {
  return [...lines(buildTrees(stories.flatMap(({ records }) => records)), options)];
}
const otherTrace = (digit: string) => digit.repeat(32);

test('a task is shown by the text of its start, otherwise by its name, otherwise by its id', () => {
  const first = (attributes: object, body: string, id = 'a') =>
    [
      ...lines(
        buildTrees([
          record({ eventName: 'task.started', body, attributes: { 'task.id': id, ...attributes } }),
        ]),
      ),
    ][0];
  expect(first({ 'task.name': 'charge %d' }, 'charge 42')).toBe('… charge 42  no end seen  · shop');
  expect(first({ 'task.name': 'charge %d' }, '')).toBe('… charge %d  no end seen  · shop');
  expect(first({}, '')).toBe('… (task a)  no end seen  · shop');
  expect(first({}, 'x'.repeat(300))).toBe(`… ${'x'.repeat(199)}…  no end seen  · shop`);
  expect(first({}, '', 'f'.repeat(100))).toBe(`… (task ${'f'.repeat(39)}…)  no end seen  · shop`);
});

test('a step shows its service if it differs from that of its closest present ancestor', () => {
  const text = shown(
    [
      new TaskStory('a', 'outer').start(0).say(1, 'call', { spanId: 'http' }).fail(99, 1, ERROR),
      new TaskStory('b', 'same', { parent: 'http' }).start(2).fail(3, 1, ERROR),
      new TaskStory('c', 'far', { parent: 'a', service: 'stock' }).start(4).fail(5, 1, ERROR),
      new TaskStory('d', 'nobody', { parent: 'a', service: '' }).start(6).fail(7, 1, ERROR),
    ],
    { unfold: 'all' },
  );
  expect(text.filter((line) => /✘ (?:same|far|nobody)/.test(line))).toEqual([
    '│ │ ✘ same  1.00 s',
    '│ ✘ far  1.00 s  · stock',
    '│ ✘ nobody  1.00 s',
  ]);
  expect(shown([new TaskStory('a', 'job', { service: 's'.repeat(90) }).start(0)])[0]).toBe(
    `… job  no end seen  · ${'s'.repeat(79)}…`,
  );
});

test('the data of a step is shown without that of its parent', () => {
  const text = shown(
    [
      new TaskStory('a', 'outer', { attributes: { tenant: 'x' } }).start(0, { order: 7 }),
      new TaskStory('b', 'inner', { parent: 'a', attributes: { tenant: 'x' } }).start(1, { order: 8 }),
    ],
    { unfold: 'all' },
  );
  expect(text[0]).toBe('… outer  no end seen  · shop  tenant=x order=7');
  expect(text.at(-1)).toBe('│ … inner  no end seen  order=8');
});

test('a folded task counts the tasks and records below it, and the trees that continue it', () => {
  const link = { 'task.links': [`00-${TRACE}-${'a'.repeat(16)}-01`] };
  const id = 'a'.repeat(16);
  const root = new TaskStory(id, 'job').start(0).succeed(9, 1);
  const next = (digit: string) =>
    new TaskStory(digit, 'next', { traceId: otherTrace(digit) }).start(20, link).succeed(21, 1);
  expect(shown([root])[0]).toBe('✔ job  1.00 s  · shop  (2 records folded)');
  expect(shown([root, next('b')])[0]).toBe('✔ job  1.00 s  · shop  (2 records folded, 1 linked tree)');
  expect(
    shown([root, next('b'), next('c'), new TaskStory('d', 'step', { parent: id }).start(1).succeed(2, 1)])[0],
  ).toBe('✔ job  1.00 s  · shop  (1 task, 4 records folded, 2 linked trees)');
});

test('quiet trees beyond five are one line, which names three of them and counts each outcome', () => {
  const job = (at: number, end: 'succeed' | 'cancel', name = `job ${at}`) =>
    new TaskStory(`t${at}`, name, { traceId: otherTrace(String(at)) }).start(at)[end](at + 1, 1);
  const five = Array.from({ length: 5 }, (_, at) => job(at, 'succeed'));
  expect(shown(five)).toHaveLength(5);
  expect(shown([...five, job(5, 'cancel')])).toEqual([
    '✔ 5 ⊘ 1 tasks, 12 records folded: job 0, job 1, job 2, …',
  ]);
  expect(shown([...five, job(5, 'cancel')], { unfold: 'none' })).toHaveLength(6);
  const same = Array.from({ length: 6 }, (_, at) => job(at, 'succeed', 'n'.repeat(60)));
  expect(shown(same)).toEqual([`✔ 6 tasks, 12 records folded: ${'n'.repeat(39)}…`]);
});

test('adjacent quiet tasks in an expanded task share one line; a single one has its own', () => {
  const root = new TaskStory('a', 'job').start(0).say(5, 'quiet').fail(90, 1, ERROR);
  const step = (id: string, at: number) => new TaskStory(id, id, { parent: 'a' }).start(at).succeed(at, 1);
  expect(shown([root, step('one', 10)])).toContain('│ ✔ one  1.00 s  (2 records folded)');
  expect(shown([root, step('one', 10), step('two', 20)])).toContain(
    '│ ✔ 2 tasks, 4 records folded: one, two',
  );
  const handled = new TaskStory('a', 'job').start(0).say(15, 'quiet').succeed(90, 1);
  const bad = new TaskStory('bad', 'bad', { parent: 'a' }).start(30).fail(31, 1, ERROR);
  expect(shown([handled, step('one', 10), bad])).toContain('│ ✔ 1 task, 3 records folded: one');
});

describe('notes', () => {
  const skewed = (millis: number, more: object = { process: 'host/2' }) =>
    shown(
      [
        new TaskStory('a', 'caller').start(100).fail(900, 1, ERROR),
        new TaskStory('b', 'callee', { parent: 'a', service: '', ...more })
          .start(100 - millis)
          .fail(800, 1, ERROR),
      ],
      { unfold: 'all' },
    ).filter((line) => line.includes('clock'));

  test('report by how much the clock of another process is behind', () => {
    expect(skewed(60)).toEqual([
      "│ │ ≠ the clock of this process is at least 60 ms behind its caller's: placed by cause",
    ]);
    expect(skewed(60, { service: 'stock' })[0]).toContain('the clock of stock is at least 60 ms');
    expect(skewed(0)).toEqual([]);
    expect(skewed(-1)).toEqual([]);
    expect(skewed(60, { service: 'shop' })).toEqual([]);
  });

  test('name five links of each kind, and count the others', () => {
    const ids = Array.from({ length: 7 }, (_, at) => `${at}`.repeat(16));
    const task = (id: string, traceId: string, links: readonly string[]) =>
      new TaskStory(id, `job ${id[0]}`, { traceId }).start(0, { 'task.links': links }).fail(1, 1, ERROR);
    const from = task(
      'f'.repeat(16),
      TRACE,
      ids.map((id) => `00-${otherTrace('e')}-${id}-01`),
    );
    const text = shown([from]).filter((line) => line.includes('↪'));
    expect(text).toEqual([
      ...ids.slice(0, 5).map((id) => `│ ↪ continues a missing task (trace ${otherTrace('e')}, id ${id})`),
      '│ ↪ and 2 more links',
    ]);
    const to = ids.map((id, at) => task(id, otherTrace(String(at)), [`00-${TRACE}-${'f'.repeat(16)}-01`]));
    const both = shown([task('f'.repeat(16), TRACE, []), ...to.slice(0, 6)]);
    expect(both.filter((line) => line.includes('continued in'))).toEqual(
      [0, 1, 2, 3, 4].map((at) => `│ ↪ continued in ✘ job ${at}  trace ${otherTrace(String(at))}`),
    );
    expect(both).toContain('│ ↪ and 1 more link');
  });

  test('name a linked task with its two closest ancestors', () => {
    const id = (at: number) => `${at}`.repeat(16);
    const chain = [1, 2, 3, 4].map((at) =>
      new TaskStory(id(at), `n${at}`, at === 1 ? {} : { parent: id(at - 1) }).start(at).succeed(9, 1),
    );
    const next = new TaskStory('f', 'next', { traceId: otherTrace('f') })
      .start(10, { 'task.links': `00-${TRACE}-${id(4)}-01` })
      .fail(11, 1, ERROR);
    expect(shown([...chain, next])).toContain(`│ ↪ continues n2 › n3 › n4  trace ${TRACE}`);
  });
});

describe('links', () => {
  const linksOf = (value: unknown, more: readonly TreeRecord[] = []) => {
    const start = record({
      eventName: 'task.started',
      attributes: { 'task.id': 'a', ...(value === undefined ? {} : { 'task.links': value }) },
    });
    const [node] = buildTrees([start, ...more]).nodes;
    return node?.kind === 'task' ? node.links.map(({ traceId, spanId }) => `${traceId[0]}/${spanId[0]}`) : [];
  };
  const header = (trace: string, span: string, version = '00', rest = '') =>
    `${version}-${trace.repeat(32)}-${span.repeat(16)}-01${rest}`;

  test('are read from a text or a list, and invalid traceparents are ignored', () => {
    expect(linksOf(header('b', 'c'))).toEqual(['b/c']);
    expect(linksOf([header('b', 'c'), 7, 'nonsense', header('b', 'C'), header('d', 'e')])).toEqual([
      'b/c',
      'd/e',
    ]);
    expect(linksOf(undefined)).toEqual([]);
    expect(linksOf([])).toEqual([]);
  });

  test('may have more fields in a future version, but no prefix', () => {
    expect(linksOf(header('b', 'c', 'cc', '-more'))).toEqual(['b/c']);
    expect(linksOf(header('b', 'c', '00', 'x'))).toEqual([]);
    expect(linksOf(`x${header('b', 'c')}`)).toEqual([]);
  });

  test('to the same task count once, at both ends', () => {
    const target = new TaskStory('c'.repeat(16), 'target', { traceId: otherTrace('b') }).start(0);
    const start = record({
      eventName: 'task.started',
      attributes: { 'task.id': 'a', 'task.links': [header('b', 'c'), header('b', 'c', '01')] },
    });
    const trees = buildTrees([...target.records, start]);
    const named = trees.nodes.find(({ id }) => id === 'c'.repeat(16));
    expect(named).toMatchObject({ kind: 'task', linkedFrom: [{ id: 'a' }] });
  });

  test('are those of the start, or without one those of the first record that has links', () => {
    const later = record({ at: 1, attributes: { 'task.id': 'a', 'task.links': header('d', 'e') } });
    expect(linksOf(header('b', 'c'), [later])).toEqual(['b/c']);
    const [node] = buildTrees([record({ attributes: { 'task.id': 'a' } }), later]).nodes;
    expect(node).toMatchObject({
      links: [{ traceId: 'd'.repeat(32), spanId: 'e'.repeat(16), task: undefined }],
    });
  });
});
