import {
  buildTrees,
  childrenOf,
  dataOf,
  durationOf,
  errorOf,
  findTasks,
  hasFailed,
  onlyFailed,
  parentOf,
  pathOf,
  tasksOf,
} from '../../src/tree/index.ts';
import { failedCheckout, record, TaskStory } from './story.ts';

const grown = buildTrees(failedCheckout());

test('a task is found by its name and by its path, skipping missing nodes', () => {
  expect(findTasks(grown, 'ask warehouse')[0]).toMatchObject({ outcome: 'failed' });
  const reserve = findTasks(grown, ['checkout', 'reserve stock'])[0]!;
  expect(reserve.parent!.kind).toBe('absent');
  expect(parentOf(reserve)!.name).toBe('checkout');
  expect(pathOf(findTasks(grown, 'ask warehouse')[0]!)).toEqual([
    'checkout',
    'reserve stock',
    'ask warehouse',
  ]);
  expect(findTasks(grown, ['checkout', 'ask warehouse'])[0]).toBeUndefined();
  expect(findTasks(grown, [])[0]).toBeUndefined();
});

test('all tasks come in reading order', () => {
  const tasks = [...tasksOf(grown)];
  expect(tasks).toHaveLength(8);
  for (const task of tasks) expect(parentOf(task)?.index ?? -1).toBeLessThan(task.index);
  expect(findTasks(grown, 'nothing')).toEqual([]);
});

test('the children of a task are its tasks, also below a missing node', () => {
  const names = childrenOf(findTasks(grown, 'checkout')[0]!).map(({ name }) => name);
  expect(new Set(names)).toEqual(new Set(['load cart', 'price', 'check voucher', 'reserve stock']));
});

test('data is from the application, duration and error are from the end', () => {
  const task = findTasks(grown, 'ask warehouse')[0]!;
  expect(dataOf(task)).toEqual({ sku: 42 });
  expect(durationOf(task)).toBe(0.412);
  expect(errorOf(task.end!)).toMatchObject({ type: 'TypeError' });
  expect(errorOf(task.start!)).toBeUndefined();
});

test('without a recorded duration the times are used; without an end it is undefined', () => {
  const story = new TaskStory('a', 'a').start(0);
  expect(durationOf(findTasks(buildTrees(story.records), 'a')[0]!)).toBeUndefined();
  story.say(1_500, 'a succeeded', { eventName: 'task.succeeded' });
  expect(durationOf(findTasks(buildTrees(story.records), 'a')[0]!)).toBe(1.5);
});

test('only the trees with a failure are kept', () => {
  expect(onlyFailed(grown).traces.flatMap(({ roots }) => roots.map(({ name }) => name))).toEqual([
    'checkout',
  ]);
  expect(hasFailed(findTasks(grown, 'send invoice')[0]!, grown)).toBe(false);
});

test('data is from the start, then from the end, without what the package writes', () => {
  const story = new TaskStory('a', 'a')
    .start(0, { user: 'leo', step: 1, 'code.function.name': 'f' })
    .say(1, 'x', { attributes: { between: true } })
    .succeed(2, 1);
  const [start, between, end] = story.records;
  const records = [start!, between!, { ...end!, attributes: { ...end!.attributes, step: 2, bytes: 7 } }];
  expect(dataOf(findTasks(buildTrees(records), 'a')[0]!)).toEqual({ user: 'leo', step: 2, bytes: 7 });
  const late = buildTrees(records.slice(1));
  expect(dataOf(findTasks(late, 'a')[0]!)).toEqual({ between: true, step: 2, bytes: 7 });
});

test.each([
  [0, 0],
  [0.25, 0.25],
  [-1, 0.5],
  [Number.NaN, 0.5],
  [Number.POSITIVE_INFINITY, 0.5],
  ['1', 0.5],
])('a duration of %p counts as %d seconds: what is none gives way to the clock', (said, seconds) => {
  const story = new TaskStory('a', 'a').start(0);
  story.say(500, '', { eventName: 'task.succeeded', attributes: { 'task.duration': said } });
  expect(durationOf(findTasks(buildTrees(story.records), 'a')[0]!)).toBe(seconds);
});

test('a clock that was set back gives no negative duration, and an end alone gives none', () => {
  const back = new TaskStory('a', 'a').start(500).say(0, '', { eventName: 'task.succeeded' });
  expect(durationOf(findTasks(buildTrees(back.records), 'a')[0]!)).toBe(0);
  const end = new TaskStory('a', 'a').hold().say(0, '', { eventName: 'task.succeeded' });
  expect(durationOf(findTasks(buildTrees(end.records), 'a')[0]!)).toBeUndefined();
});

test('a path matches from its end: it may start anywhere in the tree', () => {
  const tasks = [
    new TaskStory('a', 'x').start(0),
    new TaskStory('b', 'y', { parent: 'a' }).start(1),
    new TaskStory('c', 'x', { parent: 'b' }).start(2),
    new TaskStory('d', 'y', { parent: 'c' }).start(3),
  ];
  const trees = buildTrees(tasks.flatMap(({ records }) => records));
  expect(findTasks(trees, 'y').map(({ id }) => id)).toEqual(['b', 'd']);
  expect(findTasks(trees, ['y', 'x', 'y']).map(({ id }) => id)).toEqual(['d']);
  expect(findTasks(trees, ['z', 'x', 'y'])).toEqual([]);
  expect(findTasks(trees, ['y', 'x', 'y', 'x', 'y'])).toEqual([]);
});

test('a trace is kept with its failed trees only, or for a failure without a task', () => {
  const root = (id: string, end: 'fail' | 'succeed') => new TaskStory(id, id).start(0)[end](1, 1).records;
  const trees = buildTrees([...root('good', 'succeed'), ...root('bad', 'fail'), record({ body: 'said' })]);
  const [trace] = onlyFailed(trees).traces;
  expect(trace!.roots.map(({ name }) => name)).toEqual(['bad']);
  expect(trace!.records).toHaveLength(1);

  const error = buildTrees([...root('good', 'succeed'), record({ body: 'broken', severity: 17 })]);
  expect(onlyFailed(error).traces).toMatchObject([{ roots: [], records: [{ body: 'broken' }] }]);
  const burst = record({ eventName: 'burst.released' });
  expect(onlyFailed(buildTrees([burst])).traces).toHaveLength(1);
  expect(onlyFailed(buildTrees([...root('good', 'succeed'), burst])).traces).toEqual([]);
});
