import { currentTask, task, to } from '../../src/task/task-forms.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { register, unregister } from '../support/registered.ts';

afterEach(unregister);

/** Yields to the other tasks in one of several ways, selected by a number. */
function giveWay(n: number): Promise<unknown> {
  switch (n % 4) {
    case 0:
      return Promise.resolve();
    case 1:
      return new Promise((resolve) => setImmediate(resolve));
    case 2:
      return new Promise<void>((resolve) => process.nextTick(resolve));
    default:
      return new Promise<void>((resolve) => queueMicrotask(resolve));
  }
}

test.each([true, false])(
  '1,000 interleaved tasks never mix data or ids, a context manager: %p',
  async (contextManager) => {
    const out = register({ contextManager });
    const ids: { outer: string; inner: string; trace: string }[] = [];
    await Promise.all(
      Array.from({ length: 1_000 }, (_, n) =>
        task(`goal ${n % 7}`, { n }, async (outer) => {
          await giveWay(n);
          outer.bind({ later: n });
          out.log('outer', { expected: n, where: 'outer' });
          await to('step', { step: n }, async (inner) => {
            await giveWay(n * 7 + 1);
            inner.bind({ inside: n });
            ids[n] = { outer: outer.id, inner: inner.id, trace: outer.foreignTask().slice(3, 35) };
            expect(currentTask()).toBe(inner);
            out.log('inner', { expected: n, where: 'inner' });
            await giveWay(n >> 2);
            expect(inner.parent).toBe(outer);
          });
          await giveWay(n * 3);
          expect(currentTask()).toBe(outer);
        }),
      ),
    );
    expect(new Set(ids.flatMap(({ outer, inner }) => [outer, inner])).size).toBe(2_000);
    const marked = out.records().filter(({ attributes }) => attributes.expected !== undefined);
    expect(marked).toHaveLength(2_000);
    for (const { attributes, spanContext } of marked) {
      const n = attributes.expected as number;
      const { outer, inner, trace } = ids[n]!;
      const common = { n, later: n, expected: n };
      expectEqual(spanContext?.traceId, trace);
      expectEqual(
        attributes,
        attributes.where === 'outer'
          ? { ...common, where: 'outer', 'task.id': outer, 'task.name': `goal ${n % 7}`, 'task.sequence': 2 }
          : {
              ...common,
              where: 'inner',
              step: n,
              inside: n,
              'task.id': inner,
              'task.name': 'step',
              'task.sequence': 2,
              'task.parent.id': outer,
            },
      );
    }
  },
);
