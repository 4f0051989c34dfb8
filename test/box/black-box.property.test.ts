import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import fc from 'fast-check';
import { type BoxContents, readBox } from '../../src/box/index.ts';
import { BurstLoggerProvider, BurstLogRecordProcessor } from '../../src/burst/index.ts';
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

/** The steps that a process may take. */
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

/** The processor with an exporter that answers or not, or the provider in front of the SDK. */
type Front = 'answered' | 'never answered' | 'provider';

/** The SDK's provider refuses all records as long as it has no processor. */
function sdkProvider(): LoggerProvider {
  const nothing = async () => {};
  return new LoggerProvider({ processors: [{ onEmit() {}, forceFlush: nothing, shutdown: nothing }] });
}

/** Either front end, and how a record gets into it. */
function fronted(front: Front, clock: ManualClock) {
  const common = { after: false, limit: false, idleMillis: 1e9, clock } as const;
  const blackBox = { directory, bytes: 1024 * 1024 };
  const inside = (digit: Digit) => trace.setSpanContext(ROOT_CONTEXT, spanContext(digit));
  if (front === 'provider') {
    const provider = new BurstLoggerProvider({ provider: sdkProvider(), ...common, blackBox });
    const logger = provider.getLogger('app', '1.0');
    const emit = (body: string, severityNumber: number, digit: Digit, timestamp: [number, number]) =>
      logger.emit({ severityNumber, body, timestamp, context: inside(digit) });
    return { burst: provider, emit };
  }
  const burst = new BurstLogRecordProcessor({
    exporter: { export: (_, done) => front === 'answered' && done({ code: 0 }), shutdown: async () => {} },
    delivery: { retry: false, exportTimeoutMillis: 1e9, scheduledDelayMillis: 1 },
    ...common,
    blackBox,
  });
  const emit = (body: string, severityNumber: number, digit: Digit, time: [number, number]) =>
    burst.onEmit(
      aRecord(body, { severityNumber, spanContext: spanContext(digit), hrTime: time, hrTimeObserved: time }),
      inside(digit),
    );
  return { burst, emit };
}

/** Runs the steps. @returns what the box holds, and what it should hold */
async function run(program: readonly Step[], front: Front) {
  const clock = new ManualClock();
  const { burst, emit: write } = fronted(front, clock);
  const spans = burst.spanProcessor({ lingerMillis: LINGER_MILLIS });
  const held = new Map<Digit, string[]>(traces.map((digit) => [digit, []]));
  const open = new Map<Digit, number>(traces.map((digit) => [digit, 0]));
  /** When the last span of a trace ended; undefined: it is open, or has no spans. */
  const endedAt = new Map<Digit, number>();
  const hadBurst = new Set<Digit>();
  /** Traces that had a burst and have settled: what comes late is discarded, until a span or a trigger. */
  const settledBursts = new Set<Digit>();
  const left: string[] = [];
  let now = 0;
  let count = 0;
  const emit = (digit: Digit, severityNumber: number) => {
    const body = `${count} of ${digit}`;
    count += 1;
    write(body, severityNumber, digit, [1_700_000_000 + count, 0]);
    return body;
  };
  const settle = () => {
    for (const [digit, at] of endedAt) {
      if (now < at + LINGER_MILLIS) continue;
      endedAt.delete(digit);
      held.set(digit, []);
      if (hadBurst.has(digit)) settledBursts.add(digit);
    }
  };
  for (const step of program) {
    switch (step.kind) {
      case 'debug': {
        const body = emit(step.trace, 5);
        if (!settledBursts.has(step.trace)) held.get(step.trace)!.push(body);
        break;
      }
      case 'info':
        left.push(emit(step.trace, 9));
        break;
      case 'error':
        left.push(...held.get(step.trace)!.splice(0), emit(step.trace, 17));
        hadBurst.add(step.trace);
        settledBursts.delete(step.trace);
        break;
      case 'start':
        spans.onStart(spanOf(step.trace), ROOT_CONTEXT);
        open.set(step.trace, open.get(step.trace)! + 1);
        endedAt.delete(step.trace);
        settledBursts.delete(step.trace);
        break;
      case 'end':
        if (open.get(step.trace) === 0) break;
        spans.onEnd(spanOf(step.trace));
        open.set(step.trace, open.get(step.trace)! - 1);
        if (open.get(step.trace) === 0) endedAt.set(step.trace, now);
        break;
      case 'discard':
        burst.discard({ keys: [spanContext(step.trace).traceId] });
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
  void burst.shutdown().then(() => {
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
    expected: [...quiet, ...(front === 'never answered' ? left : [])].sort(),
  };
}

/** A trace continues after it has settled: without a burst, after one, and with a span. */
const continued = (middle: readonly Step[]): Step[] => [
  { kind: 'debug', trace: 'a' },
  { kind: 'start', trace: 'a' },
  { kind: 'wait', millis: 10 },
  { kind: 'end', trace: 'a' },
  ...middle,
  { kind: 'wait', millis: 2_000 },
  { kind: 'debug', trace: 'a' },
  { kind: 'start', trace: 'a' },
  { kind: 'debug', trace: 'a' },
];

test.each([
  ['what is held of open traces, and nothing else, if everything is delivered', 'answered' as const],
  ['what is held of open traces, and all that left, if nothing is delivered', 'never answered' as const],
  ['what is held of open traces in front of the SDK, which gets what leaves', 'provider' as const],
])('after a flush a box holds %s', async (_, front) => {
  expect(context.active()).toBe(ROOT_CONTEXT);
  await fc.assert(
    fc.asyncProperty(steps, async (program) => {
      const { found, expected } = await run(program, front);
      expect(found).toEqual(expected);
    }),
    { numRuns: 60, examples: [[continued([])], [continued([{ kind: 'error', trace: 'a' }])]] },
  );
});

test('a timer that comes late is made up for by the next record: none waits longer than flushMillis', async () => {
  /** The event loop is busy: each timer comes 30 ms late. */
  class LateClock extends ManualClock {
    override after(delayMillis: number, callback: () => void): () => void {
      return super.after(delayMillis + 30, callback);
    }
  }
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.record({ gap: fc.nat(6), ends: fc.boolean() }), { minLength: 20, maxLength: 60 }),
      async (flushMillis, program) => {
        const clock = new LateClock();
        const processor = new BurstLogRecordProcessor({
          exporter: { export: (_, done) => done({ code: 0 }), shutdown: async () => {} },
          blackBox: { directory, bytes: 1024 * 1024, flushMillis },
          clock,
        });
        const spans = processor.spanProcessor({ lingerMillis: 1e6 });
        const [file] = readdirSync(directory);
        const emittedAt: number[] = [];
        const written = () => (readBox(readFileSync(join(directory, file!))) as BoxContents).records.length;
        for (const { gap, ends } of program) {
          clock.advance(gap);
          // The entry of a trace that ends is flushed too, and must not delay records of other traces.
          spans.onStart(spanOf('b'), ROOT_CONTEXT);
          if (ends) spans.onEnd(spanOf('b'));
          processor.onEmit(aRecord(`${emittedAt.length}`, { spanContext: spanContext('a') }), ROOT_CONTEXT);
          emittedAt.push(clock.monotonicNow());
          const oldest = emittedAt[written()];
          if (oldest !== undefined)
            expect(clock.monotonicNow() - oldest).toBeLessThan(Math.max(2, flushMillis));
        }
        await processor.shutdown();
      },
    ),
    { numRuns: 15 },
  );
});
