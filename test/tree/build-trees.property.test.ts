import * as fc from 'fast-check';
import {
  buildTrees,
  childrenInOrder,
  lines,
  type Node,
  type TreeRecord,
  type Trees,
} from '../../src/tree/index.ts';
import { record } from './story.ts';

const ids = ['t1', 't2', 't3', 't4', 't5', 't6', 't7', 't8', 't9', 't10', 't11'];
const spans = ['s1', 's2', 's3'];
const traces = ['', 'trace-a', 'trace-b'];
const services = ['shop', 'stock'];
const ends = ['task.succeeded', 'task.failed', 'task.cancelled', 'task.abandoned', ''];

/** A task of the model; its parent may be itself, a descendant, a span, an unknown task, or none. */
const task = fc.record({
  trace: fc.constantFrom(...traces),
  id: fc.constantFrom(...ids),
  parent: fc.constantFrom(undefined, undefined, ...ids, ...spans),
  service: fc.constantFrom(...services),
  at: fc.integer({ min: 0, max: 40 }),
  records: fc.integer({ min: 1, max: 6 }),
  end: fc.constantFrom(...ends),
  failedIn: fc.constantFrom(undefined, ...ids),
  spans: fc.array(fc.constantFrom('', ...spans), { minLength: 6, maxLength: 6 }),
  unnumbered: fc.nat(6),
  backwards: fc.boolean(),
});
const loose = fc.record({ trace: fc.constantFrom(...traces), at: fc.nat(40) });

/** The records of a model, all of them different. */
const story = fc
  .record({
    tasks: fc.uniqueArray(task, { selector: ({ trace, id }) => `${trace}/${id}`, maxLength: 14 }),
    loose: fc.array(loose, { maxLength: 4 }),
  })
  .map((model) => {
    const records: TreeRecord[] = [];
    for (const each of model.tasks) {
      for (let sequence = 1; sequence <= each.records; sequence += 1) {
        const isLast = sequence === each.records;
        const eventName = sequence === 1 ? 'task.started' : isLast ? each.end : '';
        records.push(
          record({
            traceId: each.trace,
            spanId: each.spans[sequence - 1]!,
            at: each.at + (each.backwards ? -sequence : sequence),
            service: each.service,
            process: each.service,
            severity: eventName === 'task.failed' ? 17 : 9,
            eventName,
            body: `record ${records.length}`,
            attributes: {
              'task.id': each.id,
              'task.name': `name of ${each.id}`,
              ...(sequence === each.unnumbered ? {} : { 'task.sequence': sequence }),
              ...(each.parent === undefined ? {} : { 'task.parent.id': each.parent }),
              ...(eventName === 'task.failed' ? { 'task.failed_in': each.failedIn } : {}),
            },
          }),
        );
      }
    }
    for (const { trace, at } of model.loose) {
      records.push(record({ traceId: trace, at, body: `record ${records.length}` }));
    }
    return records;
  });

/** The remaining records of a story in two orders, the second with copies. */
const left = story
  .chain((records) =>
    fc.record({
      one: fc.shuffledSubarray(records),
      order: fc.array(fc.double({ noNaN: true, min: 0, max: 1 }), {
        minLength: records.length,
        maxLength: records.length,
      }),
      copied: fc.nat(5),
    }),
  )
  .map(({ one, order, copied }) => {
    const other = one.map((each, at) => ({ each, key: order[at]! })).sort((a, b) => a.key - b.key);
    const copies = one.slice(0, copied).map((each) => ({ ...each, attributes: { ...each.attributes } }));
    return { one, other: [...other.map(({ each }) => each), ...copies], copies: copies.length };
  });

function outline(grown: Trees) {
  const of = (node: Node): object => ({
    id: node.id,
    parent: node.parent?.id,
    children: node.children.map(({ id }) => id),
    ...(node.kind === 'absent'
      ? { evidence: node.evidence?.body }
      : {
          name: node.name,
          outcome: node.outcome,
          missing: node.missing,
          opensCircle: node.opensCircle,
          records: node.records.map(({ body }) => body),
          items: [...childrenInOrder(node)].map((item) =>
            item.kind === 'record' ? item.record.body : item.kind === 'gap' ? item.count : item.node.id,
          ),
        }),
  });
  return {
    traces: grown.traces.map(({ traceId, roots, records }) => ({
      traceId,
      roots: roots.map(({ id }) => id),
      records: records.map(({ body }) => body),
    })),
    nodes: grown.nodes.map(of),
  };
}

test('any order of the remaining records gives the same trees and the same text, with or without copies', () => {
  fc.assert(
    fc.property(left, ({ one, other, copies }) => {
      const first = buildTrees(one);
      const second = buildTrees(other);
      expect(outline(second)).toEqual(outline(first));
      expect([...lines(second, { unfold: 'all' })]).toEqual([...lines(first, { unfold: 'all' })]);
      expect(first.copies).toBe(0);
      expect(second.copies).toBe(copies);
    }),
    { numRuns: 500 },
  );
});

test('every remaining record is in the trees once, and every child in its parent once', () => {
  fc.assert(
    fc.property(left, ({ one }) => {
      const grown = buildTrees(one);
      const found = grown.traces.flatMap(({ records }) => records.map(({ body }) => body));
      for (const node of grown.nodes) {
        if (node.kind === 'absent') {
          expect(node.children.length).toBeGreaterThan(0);
          continue;
        }
        const items = [...childrenInOrder(node)];
        const records = items.flatMap((item) => (item.kind === 'record' ? [item.record] : []));
        expect(records).toEqual(node.records);
        found.push(...records.map(({ body }) => body));
        const children = items.flatMap((item) => (item.kind === 'child' ? [item.node] : []));
        expect(new Set(children)).toEqual(new Set(node.children));
        expect(children.length).toBe(node.children.length);
        const gaps = items.reduce((sum, item) => sum + (item.kind === 'gap' ? item.count : 0), 0);
        expect(gaps).toBe(node.missing);
        const sequences = records.flatMap(({ attributes }) => (attributes['task.sequence'] as number) ?? []);
        expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
      }
      expect(found.sort()).toEqual(one.map(({ body }) => body).sort());
      expect(grown.records).toBe(one.length);
    }),
    { numRuns: 500 },
  );
});

test("every task's parent is the one its records name, or a missing node, or the task is a root", () => {
  fc.assert(
    fc.property(left, ({ one }) => {
      const grown = buildTrees(one);
      const saidBy = (traceId: string, id: string) =>
        one.find((each) => each.traceId === traceId && each.attributes['task.id'] === id)?.attributes[
          'task.parent.id'
        ];
      for (const node of grown.nodes) {
        if (node.kind === 'absent') {
          expect(
            grown.nodes.some(
              ({ kind, id, traceId }) => kind === 'task' && id === node.id && traceId === node.traceId,
            ),
          ).toBe(false);
          continue;
        }
        const said = saidBy(node.traceId, node.id);
        expect(node.parentId).toBe(said ?? '');
        if (node.parent !== undefined) expect(node.parent.id).toBe(said);
        else if (said !== undefined && saidOfTask(one, node.traceId, said))
          expect(node.opensCircle).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

function saidOfTask(records: readonly TreeRecord[], traceId: string, id: unknown): boolean {
  return records.some((each) => each.traceId === traceId && each.attributes['task.id'] === id);
}

test('the nodes are in reading order: a tree is contiguous, a parent before its children', () => {
  fc.assert(
    fc.property(left, ({ one }) => {
      const { nodes, traces: found } = buildTrees(one);
      nodes.forEach((node, at) => {
        expect(node.index).toBe(at);
        expect(node.size).toBe(node.children.reduce((sum, { size }) => sum + size, 1));
        let next = at + 1;
        for (const child of node.children) {
          expect(child.index).toBe(next);
          expect(child.parent).toBe(node);
          next += child.size;
        }
      });
      expect(found.flatMap(({ roots }) => roots).reduce((sum, { size }) => sum + size, 0)).toBe(nodes.length);
    }),
    { numRuns: 300 },
  );
});
