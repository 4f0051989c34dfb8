import { buildTrees, findTasks, lines, pathOf, type TreeRecord } from '../../src/tree/index.ts';
import { record } from './story.ts';

/** Each is the child of the previous one; `parentOfFirst` closes a cycle. */
function chain(length: number, last: string, parentOfFirst?: number): TreeRecord[] {
  return Array.from({ length }, (_, at) => {
    const parent = at === 0 ? parentOfFirst : at - 1;
    const attributes = { 'task.id': `t${at}`, 'task.name': `task ${at}`, 'task.sequence': 1 };
    const place = parent === undefined ? {} : { 'task.parent.id': `t${parent}` };
    const eventName = at === length - 1 ? last : 'task.started';
    return record({ at, eventName, severity: 17, attributes: { ...attributes, ...place } });
  });
}

test.each([200, 20_000])('%i levels do not overflow the stack', (length) => {
  const grown = buildTrees(chain(length, 'task.failed').reverse());
  expect(grown.traces[0]!.roots[0]!.size).toBe(length);
  expect(pathOf(findTasks(grown, `task ${length - 1}`)[0]!)).toHaveLength(length);
  let count = 0;
  let longest = 0;
  for (const line of lines(grown, { unfold: 'all' })) {
    count += 1;
    longest = Math.max(longest, line.length);
  }
  expect(count).toBeGreaterThanOrEqual(length);
  expect(longest).toBeLessThan(300);
});

test('a chain of failures that point to the innermost is followed in linear time', () => {
  const length = 20_000;
  const failed = chain(length, 'task.failed').map((each) => ({
    ...each,
    eventName: 'task.failed',
    attributes: { ...each.attributes, 'task.failed_in': `t${length - 1}` },
  }));
  const shown = [...lines(buildTrees(failed), { maxLines: 10 })];
  expect(shown[2]).toBe(
    `│ failed: task 0 › task 1 › task 2 › task 3 › (19,992 more) › ${[4, 3, 2, 1].map((n) => `task ${length - n}`).join(' › ')}`,
  );
});

test('a cycle of 20,000 tasks is broken once', () => {
  const grown = buildTrees(chain(20_000, 'task.started', 19_999));
  expect(grown.traces[0]!.roots).toHaveLength(1);
  expect(grown.traces[0]!.roots[0]).toMatchObject({ id: 't0', opensCircle: true, size: 20_000 });
});

test('many missing nodes in one deep tree are placed without walking the tree again for each', () => {
  const deep = chain(5_000, 'task.started');
  const evidence = Array.from({ length: 5_000 }, (_, at) =>
    record({ at, spanId: `s${at}`, attributes: { 'task.id': 't4999', 'task.sequence': at + 2 } }),
  );
  const orphans = Array.from({ length: 5_000 }, (_, at) =>
    record({ at, attributes: { 'task.id': `o${at}`, 'task.parent.id': `s${at}`, 'task.sequence': 1 } }),
  );
  const grown = buildTrees([...orphans, ...evidence, ...deep]);
  expect(grown.traces[0]!.roots).toHaveLength(1);
  expect(grown.nodes).toHaveLength(15_000);
});
