import { TraceTable } from '../../src/burst/trace-table.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** Traces counted at once, see `trace-table.ts`. */
const MAX_OPEN = 65_536;

function build(lingerMillis = 1_000, clock = new ManualClock()) {
  const heard: string[] = [];
  const startedAt = clock.monotonicNow();
  const table = new TraceTable(
    clock,
    lingerMillis,
    (traceId, now) => heard.push(`${traceId} settled at ${now - startedAt}`),
    (traceId) => heard.push(`${traceId} reopened`),
    {
      ended: (traceId) => heard.push(`${traceId} ended`),
      resumed: (traceId) => heard.push(`${traceId} resumed`),
    },
  );
  return {
    ...{ clock, table },
    /** The events since the last call. */
    heard: () => heard.splice(0),
    open: (...traceIds: string[]) => {
      for (const traceId of traceIds) table.spanStarted(traceId);
    },
    end: (...traceIds: string[]) => {
      for (const traceId of traceIds) table.spanEnded(traceId);
    },
  };
}

test('a trace ends with its last span, and settles exactly after the linger time', () => {
  const { clock, end, heard, open, table } = build();
  open('a', 'a');
  expect(heard()).toEqual(['a reopened']);
  end('a');
  expect([heard(), table.openCount, table.has('a'), table.hasEnded('a')]).toEqual([[], 1, true, false]);
  end('a');
  expect([heard(), table.openCount, table.has('a'), table.hasEnded('a')]).toEqual([
    ['a ended'],
    0,
    true,
    true,
  ]);
  clock.advance(999);
  expect([heard(), table.has('a')]).toEqual([[], true]);
  clock.advance(1);
  expect([heard(), table.has('a'), table.hasEnded('a')]).toEqual([['a settled at 1000'], false, false]);
  expect(clock.pendingTimers).toBe(0);
});

test('a span that starts while its trace lingers resumes it; one that starts later opens it again', () => {
  const { clock, end, heard, open, table } = build();
  open('a');
  end('a');
  heard();
  clock.advance(500);
  open('a');
  expect([heard(), table.openCount, table.hasEnded('a')]).toEqual([['a resumed'], 1, false]);
  clock.advance(5_000);
  expect(heard()).toEqual([]);
  end('a');
  clock.advance(1_000);
  expect(heard()).toEqual(['a ended', 'a settled at 6500']);
  open('a');
  expect(heard()).toEqual(['a reopened']);
});

test('each trace lingers equally long, with one timer for all', () => {
  const { clock, end, heard, open } = build();
  open('a', 'b', 'c');
  end('a');
  clock.advance(300);
  end('b');
  clock.advance(300);
  end('c');
  expect(clock.pendingTimers).toBe(1);
  heard();
  clock.advance(399);
  expect(heard()).toEqual([]);
  clock.advance(1);
  expect(heard()).toEqual(['a settled at 1000']);
  clock.advance(10_000);
  expect(heard()).toEqual(['b settled at 1300', 'c settled at 1600']);
  expect(clock.pendingTimers).toBe(0);
});

test('a timer that fires late settles all traces that are due, and no others', () => {
  class LateClock extends ManualClock {
    override after(delayMillis: number, callback: () => void): () => void {
      return super.after(delayMillis + 250, callback);
    }
  }
  const { clock, end, heard, open } = build(1_000, new LateClock());
  open('a', 'b', 'c');
  end('a');
  clock.advance(250);
  end('b');
  clock.advance(1);
  end('c');
  heard();
  clock.advance(999);
  expect(heard()).toEqual(['a settled at 1250', 'b settled at 1250']);
  clock.advance(1_000);
  expect(heard()).toEqual(['c settled at 1501']);
});

test('without a linger time a trace settles with its last span, and no timer is set', () => {
  const { clock, end, heard, open, table } = build(0);
  open('a');
  end('a');
  expect(heard()).toEqual(['a reopened', 'a settled at 0']);
  expect([clock.pendingTimers, table.has('a')]).toEqual([0, false]);
});

test('the end of a span whose start was not reported is ignored', () => {
  const { clock, end, heard, open, table } = build();
  end('unknown');
  open('a');
  heard();
  end('unknown');
  expect([heard(), table.openCount, clock.pendingTimers]).toEqual([[], 1, 0]);
});

test('of too many open traces the one that is open for longest is removed: it never settles', () => {
  const { clock, end, heard, open, table } = build();
  for (let trace = 0; trace < MAX_OPEN; trace += 1) table.spanStarted(`${trace}`);
  expect([table.openCount, table.has('0')]).toEqual([MAX_OPEN, true]);
  open('one more');
  expect([table.openCount, table.has('0'), table.has('1')]).toEqual([MAX_OPEN, false, true]);
  heard();
  end('0');
  clock.advance(1_000);
  expect(heard()).toEqual([]);
});

test('of too many lingering traces the first settles at once', () => {
  const { end, heard, open, table } = build();
  for (let trace = 0; trace < MAX_OPEN; trace += 1) {
    table.spanStarted(`${trace}`);
    table.spanEnded(`${trace}`);
  }
  expect(table.hasEnded('0')).toBe(true);
  open('one more');
  heard();
  end('one more');
  expect(heard()).toEqual(['one more ended', '0 settled at 0']);
  expect([table.hasEnded('0'), table.hasEnded('1')]).toEqual([false, true]);
});

test('at the end of the process all lingering traces settle at once, in order, and nothing follows', () => {
  const { clock, end, heard, open, table } = build();
  open('a', 'b', 'open');
  end('b');
  clock.advance(10);
  end('a');
  heard();
  table.settleLingering();
  expect(heard()).toEqual(['b settled at 10', 'a settled at 10']);
  clock.advance(5_000);
  expect([heard(), clock.pendingTimers, table.openCount]).toEqual([[], 0, 1]);
});

test('after shutdown() spans change nothing, and no timer is left', () => {
  const { clock, end, heard, open, table } = build();
  open('a', 'b');
  end('a');
  heard();
  table.shutdown();
  expect([clock.pendingTimers, table.openCount, table.has('a'), table.has('b')]).toEqual([
    0,
    0,
    false,
    false,
  ]);
  open('c');
  end('b', 'c');
  clock.advance(5_000);
  expect([heard(), table.openCount, table.has('c')]).toEqual([[], 0, false]);
});
