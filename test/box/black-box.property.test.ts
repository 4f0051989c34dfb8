import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { type BoxContents, readBox } from '../../src/box/index.ts';
import { BurstLogRecordProcessor } from '../../src/burst/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { aRecord, spanContext } from './support/memory-box.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'black-box-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const LINGER_MILLIS = 1_000;
const traces = ['a', 'b', 'c'] as const;
type Digit = (typeof traces)[number];

/** What a process may do. */
type Step =
  | { readonly kind: 'debug' | 'info' | 'error' | 'start' | 'end' | 'discard'; readonly trace: Digit }
  | { readonly kind: 'wait'; readonly millis: number };

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('debug' as const), trace: fc.constantFrom(...traces) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          'info' as const,
          'error' as const,
          'start' as const,
          'end' as const,
          'discard' as const,
        ),
        trace: fc.constantFrom(...traces),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('wait' as const), millis: fc.constantFrom(1, 5, 10, 2_000) }),
    },
  ),
  { maxLength: 60 },
);

function spanOf(digit: string) {
  const mine = spanContext(digit);
  const rest = {
    name: 'x',
    kind: 0,
    attributes: {},
    status: { code: 0 },
    duration: [0, 1] as [number, number],
  };
  return { ...rest, spanContext: () => mine };
}

/** Runs the steps with an exporter that answers or not. @returns what its box holds, and what it should hold */
async function run(program: readonly Step[], answers: boolean) {
  const clock = new ManualClock();
  const processor = new BurstLogRecordProcessor({
    exporter: { export: (_, done) => answers && done({ code: 0 }), shutdown: async () => {} },
    delivery: { retry: false, exportTimeoutMillis: 1e9, scheduledDelayMillis: 1 },
    after: false,
    limit: false,
    idleMillis: 1e9,
    clock,
    blackBox: { directory, bytes: 1024 * 1024 },
  });
  const spans = processor.spanProcessor({ lingerMillis: LINGER_MILLIS });
  const held = new Map<Digit, string[]>(traces.map((digit) => [digit, []]));
  const open = new Map<Digit, number>(traces.map((digit) => [digit, 0]));
  /** When the last span of a trace ended; undefined: it is open, or has no spans. */
  const endedAt = new Map<Digit, number>();
  const left: string[] = [];
  let now = 0;
  let count = 0;
  const emit = (digit: Digit, severityNumber: number) => {
    const body = `${count} of ${digit}`;
    count += 1;
    const inside = trace.setSpanContext(ROOT_CONTEXT, spanContext(digit));
    const time: [number, number] = [1_700_000_000 + count, 0];
    processor.onEmit(
      aRecord(body, { severityNumber, spanContext: spanContext(digit), hrTime: time, hrTimeObserved: time }),
      inside,
    );
    return body;
  };
  const settle = () => {
    for (const [digit, at] of endedAt) {
      if (now < at + LINGER_MILLIS) continue;
      endedAt.delete(digit);
      held.set(digit, []);
    }
  };
  for (const step of program) {
    switch (step.kind) {
      case 'debug':
        held.get(step.trace)!.push(emit(step.trace, 5));
        break;
      case 'info':
        left.push(emit(step.trace, 9));
        break;
      case 'error':
        left.push(...held.get(step.trace)!.splice(0), emit(step.trace, 17));
        break;
      case 'start':
        spans.onStart(spanOf(step.trace), ROOT_CONTEXT);
        open.set(step.trace, open.get(step.trace)! + 1);
        endedAt.delete(step.trace);
        break;
      case 'end':
        if (open.get(step.trace) === 0) break;
        spans.onEnd(spanOf(step.trace));
        open.set(step.trace, open.get(step.trace)! - 1);
        if (open.get(step.trace) === 0) endedAt.set(step.trace, now);
        break;
      case 'discard':
        processor.discard({ keys: [spanContext(step.trace).traceId] });
        held.set(step.trace, []);
        break;
      case 'wait':
        clock.advance(step.millis);
        now += step.millis;
        settle();
    }
    if (step.kind === 'wait' || count % 4 === 0) await new Promise((turn) => setImmediate(turn));
  }
  for (let turn = 0; turn < 6; turn += 1) {
    clock.advance(10);
    now += 10;
    settle();
    await new Promise((next) => setImmediate(next));
  }
  const [file] = readdirSync(directory).filter((name) => name.endsWith('.box'));
  const contents = readBox(readFileSync(join(directory, file!))) as BoxContents;
  const quiet = [...held].filter(([digit]) => !endedAt.has(digit)).flatMap(([, bodies]) => bodies);
  rmSync(join(directory, file!));
  let isOver = false;
  void processor.shutdown().then(() => {
    isOver = true;
  });
  while (!isOver) {
    clock.advance(60_000);
    await new Promise((turn) => setImmediate(turn));
  }
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
  const found = contents.records.filter(({ record }) => record.eventName !== 'burst.released');
  return {
    found: found.map(({ record }) => record.body).sort(),
    expected: [...quiet, ...(answers ? [] : left)].sort(),
  };
}

test.each([
  ['what is held of open traces, and nothing else, if everything is delivered', true],
  ['what is held of open traces, and all that left, if nothing is delivered', false],
])('after a flush a box holds %s', async (_, answers) => {
  expect(context.active()).toBe(ROOT_CONTEXT);
  await fc.assert(
    fc.asyncProperty(steps, async (program) => {
      const { found, expected } = await run(program, answers);
      expect(found).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});
