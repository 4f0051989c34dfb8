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
import { failedCheckout, RateLimitedWarnings } from './story.ts';

const grown = buildTrees(failedCheckout());

test('a task is found by its name and by its path, past what is not here', () => {
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

test('the children of a task are its tasks, also below a gap', () => {
  const names = childrenOf(findTasks(grown, 'checkout')[0]!).map(({ name }) => name);
  expect(new Set(names)).toEqual(new Set(['load cart', 'price', 'check voucher', 'reserve stock']));
});

test('data is what the application gave, duration and error what the end says', () => {
  const task = findTasks(grown, 'ask warehouse')[0]!;
  expect(dataOf(task)).toEqual({ sku: 42 });
  expect(durationOf(task)).toBe(0.412);
  expect(errorOf(task.end!)).toMatchObject({ type: 'TypeError' });
  expect(errorOf(task.start!)).toBeUndefined();
});

test('without a stated duration it is that of the clock, without an end there is none', () => {
  const warnings = new RateLimitedWarnings('a', 'a').start(0);
  expect(durationOf(findTasks(buildTrees(warnings.records), 'a')[0]!)).toBeUndefined();
  warnings.say(1_500, 'a succeeded', { eventName: 'task.succeeded' });
  expect(durationOf(findTasks(buildTrees(warnings.records), 'a')[0]!)).toBe(1.5);
});

test('only the trees with a failure are left', () => {
  expect(onlyFailed(grown).traces.flatMap(({ roots }) => roots.map(({ name }) => name))).toEqual([
    'checkout',
  ]);
  expect(hasFailed(findTasks(grown, 'send invoice')[0]!, grown)).toBe(false);
});
