import { buildTrees, childrenInOrder, type Node, type Task, type TreeRecord } from '../../src/tree/index.ts';
import { failedCheckout, record, TaskStory, TRACE } from './story.ts';

function taskCalled(name: string, records: Iterable<TreeRecord>): Task {
  return buildTrees(records).nodes.find((node): node is Task => node.kind === 'task' && node.name === name)!;
}

/** The content of a task in reading order. */
function storyOf(task: Task): string[] {
  return [...childrenInOrder(task)].map((item) => {
    if (item.kind === 'record') return item.record.body;
    return item.kind === 'gap' ? `gap of ${item.count}` : `-> ${nameOf(item.node)}`;
  });
}

function nameOf(node: Node): string {
  return node.kind === 'task' ? node.name : `missing ${node.id}`;
}

test('records of a task are read by their sequence, whatever their clocks say', () => {
  const story = new TaskStory('a', 'sail').start(50).say(30, 'hoist').say(10, 'steer').succeed(0, 1);
  const task = taskCalled('sail', story.records.toReversed());
  expect(storyOf(task)).toEqual(['sail', 'hoist', 'steer', 'sail succeeded']);
  expect(task).toMatchObject({ outcome: 'succeeded', missing: 0 });
});

test('gaps in the sequence are counted at their position', () => {
  const story = new TaskStory('a', 'sail').hold(2).say(1, 'hoist').hold().succeed(2, 1);
  const task = taskCalled('sail', story.records);
  expect(storyOf(task)).toEqual(['gap of 2', 'hoist', 'gap of 1', 'sail succeeded']);
  expect(task.missing).toBe(3);
});

test('a record without a sequence is placed by its time, and before an end of the same time', () => {
  const story = new TaskStory('a', 'sail').start(0).say(10, 'hoist').succeed(20, 1);
  const attributes = { 'task.id': 'a' };
  const others = [record({ at: 5, body: 'early', attributes }), record({ at: 20, body: 'late', attributes })];
  const task = taskCalled('sail', [...others, ...story.records]);
  expect(storyOf(task)).toEqual(['sail', 'early', 'hoist', 'late', 'sail succeeded']);
});

test('the same task, sequence and event is one record, also when a copy has changed on its way', () => {
  const { records } = new TaskStory('a', 'sail').start(0).say(1, 'hoist');
  const redacted = { ...records[1]!, body: 'h****' };
  const grown = buildTrees([...records, redacted, ...records]);
  expect(grown).toMatchObject({ records: 2, copies: 3 });
});

test('of copies that differ the same one is kept, in any order of arrival', () => {
  const { records } = new TaskStory('a', 'sail').start(0).say(1, 'hoist');
  const redacted = { ...records[1]!, body: 'h****' };
  const other = { ...records[1]!, eventName: 'wind.changed' };
  const came = [records[0]!, records[1]!, redacted, other];
  expect(storyOf(taskCalled('sail', came))).toEqual(storyOf(taskCalled('sail', came.toReversed())));
});

test.each([
  { traceId: 'f' },
  { spanId: 'f' },
  { seconds: 1 },
  { nanos: 1 },
  { severity: 1 },
  { eventName: 'x' },
  { body: 'x' },
  { attributes: { x: 1 } },
  { service: 'x' },
  { process: 'x' },
  { scope: 'x' },
])('records without a task that differ in %j are two', (difference) => {
  expect(buildTrees([record(), record(difference)])).toMatchObject({ records: 2, copies: 0 });
});

test('records without a task are copies only if they are equal in everything', () => {
  const one = record({ body: 'hello', attributes: { n: 1, list: [1, { deep: true }] } });
  const copy = record({ body: 'hello', attributes: { list: [1, { deep: true }], n: 1 } });
  const other = record({ body: 'hello', attributes: { n: 1, list: [1, { deep: false }] } });
  const grown = buildTrees([one, other, copy]);
  expect(grown.traces[0]!.records).toHaveLength(2);
  expect(grown.copies).toBe(1);
});

test('a child of the same process is placed by its clock', () => {
  const parent = new TaskStory('a', 'sail').start(0).say(10, 'hoist').say(20, 'steer').succeed(30, 1);
  const child = new TaskStory('b', 'reef', { parent: 'a' }).start(15).succeed(30, 1);
  const task = taskCalled('sail', [...child.records, ...parent.records]);
  expect(storyOf(task)).toEqual(['sail', 'hoist', '-> reef', 'steer', 'sail succeeded']);
});

test('a child of another process is never placed before the start or after the end of its parent', () => {
  const parent = new TaskStory('a', 'sail').start(10).say(11, 'hoist').succeed(30, 1);
  const slow = new TaskStory('b', 'slow clock', { parent: 'a', service: 'x' }).start(-500).succeed(-400, 1);
  const fast = new TaskStory('c', 'fast clock', { parent: 'a', service: 'x' }).start(900).succeed(950, 1);
  const task = taskCalled('sail', [...slow.records, ...fast.records, ...parent.records]);
  expect(storyOf(task)).toEqual(['sail', '-> slow clock', 'hoist', '-> fast clock', 'sail succeeded']);
});

test('a child of the same process that began after the end is placed after it', () => {
  const parent = new TaskStory('a', 'sail').start(0).succeed(10, 1);
  const child = new TaskStory('b', 'afterwards', { parent: 'a' }).start(20);
  expect(storyOf(taskCalled('sail', [...child.records, ...parent.records]))).toEqual([
    'sail',
    'sail succeeded',
    '-> afterwards',
  ]);
});

test('a missing span is placed in the task that wrote a record inside it, after that record', () => {
  const root = new TaskStory('r', 'root').start(0);
  const caller = new TaskStory('a', 'call', { parent: 'r' })
    .start(1)
    .say(2, 'POST', { spanId: 'http' })
    .say(9, 'answered');
  const callee = new TaskStory('b', 'serve', { parent: 'http', service: 'x' }).start(500);
  const records = [...callee.records, ...caller.records, ...root.records];
  expect(storyOf(taskCalled('call', records))).toEqual(['call', 'POST', '-> missing http', 'answered']);
  expect(taskCalled('serve', records).parent).toMatchObject({ kind: 'absent', id: 'http' });
});

test('tasks of one unknown parent are in one missing node under the only root of the trace', () => {
  const root = new TaskStory('r', 'root').start(0).succeed(9, 1);
  const one = new TaskStory('a', 'one', { parent: 'lost' }).start(3);
  const two = new TaskStory('b', 'two', { parent: 'lost' }).start(2);
  const grown = buildTrees([...one.records, ...two.records, ...root.records]);
  expect(grown.traces[0]!.roots.map(({ name }) => name)).toEqual(['root']);
  const [missing] = grown.traces[0]!.roots[0]!.children;
  expect(missing).toMatchObject({ kind: 'absent', id: 'lost' });
  expect(missing!.children.map(nameOf)).toEqual(['two', 'one']);
});

test('without a single root, tasks of an unknown parent are roots', () => {
  const one = new TaskStory('a', 'one', { parent: 'lost' }).start(3);
  const roots = ['r', 's'].map((id) => new TaskStory(id, id).start(0));
  const grown = buildTrees([...one.records, ...roots.flatMap(({ records }) => records)]);
  expect(grown.traces[0]!.roots.map(({ name }) => name)).toEqual(['r', 's', 'one']);
  expect(buildTrees(one.records).traces[0]!.roots[0]).toMatchObject({ parentId: 'lost', parent: undefined });
});

test('a cycle of parents is broken at the task that began first, which is marked', () => {
  const records = ['c', 'a', 'b'].flatMap((id, at) => {
    const parent = { a: 'c', b: 'a', c: 'b' }[id]!;
    return new TaskStory(id, id, { parent }).start(at === 2 ? 1 : 5).records;
  });
  const [root, ...others] = buildTrees(records).traces[0]!.roots;
  expect(root).toMatchObject({ name: 'b', opensCircle: true });
  expect(others).toEqual([]);
  expect(root!.size).toBe(3);
});

test('a task that is its own parent is a root', () => {
  expect(taskCalled('self', new TaskStory('a', 'self', { parent: 'a' }).start(0).records)).toMatchObject({
    parent: undefined,
    opensCircle: true,
  });
});

test('the same task id in two traces is two tasks', () => {
  const here = new TaskStory('a', 'here').start(0);
  const there = new TaskStory('a', 'there', { traceId: 'f'.repeat(32) }).start(0);
  expect(buildTrees([...here.records, ...there.records]).traces).toHaveLength(2);
});

test('a task without an end is unknown, with or without its start', () => {
  expect(taskCalled('a', new TaskStory('a', 'a').start(0).say(1, 'x').records).outcome).toBe('unknown');
  expect(taskCalled('a', new TaskStory('a', 'a').hold().say(1, 'x').records)).toMatchObject({
    outcome: 'unknown',
    start: undefined,
  });
});

test('a Python task failed if its record says FAILED', () => {
  const failed = new TaskStory('a', 'a').say(0, 'a').say(1, 'FAILED a', { severity: 17 });
  expect(taskCalled('a', failed.records).outcome).toBe('failed');
});

test('links are known at both ends', () => {
  const records = failedCheckout();
  const invoice = taskCalled('send invoice', records);
  expect(invoice.parent).toBeUndefined();
  expect(invoice.links).toMatchObject([{ traceId: TRACE, task: { name: 'checkout' } }]);
  expect(invoice.links[0]!.task!.linkedFrom).toEqual([invoice]);
});

test('attributes of any kind do no harm', () => {
  const hostile = {
    get trap() {
      throw new Error('trap');
    },
  };
  const odd = [0, -1, 1.5, Number.NaN, '7', null, {}, Number.MAX_SAFE_INTEGER].map((sequence, at) =>
    record({
      at,
      body: String(at),
      attributes: { 'task.id': 'a', 'task.sequence': sequence, 'task.links': 7 },
    }),
  );
  const ids = [1, '', null, [], {}].map((id) => record({ body: 'x', attributes: { 'task.id': id } }));
  expect(buildTrees([...odd, ...ids]).records).toBe(odd.length + ids.length);
  expect(buildTrees([record({ attributes: hostile, body: 'only one' })]).records).toBe(1);
});

test('no records give empty trees', () => {
  expect(buildTrees([])).toEqual({ traces: [], nodes: [], records: 0, copies: 0 });
});
