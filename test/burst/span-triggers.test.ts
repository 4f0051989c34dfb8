/** Which spans are triggers, with the span processor only. */
import { diag } from '@opentelemetry/api';
import { BurstSpanProcessor, type BurstSpanProcessorOptions } from '../../src/burst/burst-span-processor.ts';
import { spanFingerprint } from '../../src/limit/index.ts';
import type { SpanLike } from '../../src/record/index.ts';
import { listen } from '../support/diag-listener.ts';
import { ManualClock } from '../support/manual-clock.ts';

const ERROR = 2;
let warnings: string[];

beforeEach(() => {
  warnings = [];
  listen((message) => void warnings.push(message));
});
afterEach(() => diag.disable());

const span = (duration: readonly [number, number], code = 0, name = 'GET /'): SpanLike =>
  ({
    ...{ name, duration, status: { code } },
    spanContext: () => ({ traceId: 'trace', spanId: 'span' }),
  }) as unknown as SpanLike;

function build(options: BurstSpanProcessorOptions = {}) {
  const heard: unknown[] = [];
  const fingerprints: (string | undefined)[] = [];
  const listener = {
    spanStarted: (traceId: string) => heard.push(['started', traceId]),
    spanEnded: (traceId: string) => heard.push(['ended', traceId]),
    spanTriggered: (
      traceId: string,
      trigger: { cause: string; spanId?: string; fingerprint?: () => string },
    ) => {
      heard.push([trigger.cause, traceId, trigger.spanId]);
      fingerprints.push(trigger.fingerprint?.());
    },
  };
  const processor = new BurstSpanProcessor(listener as never, options, new ManualClock());
  return { fingerprints, heard, processor };
}

const ended = ['ended', 'trace'];

test('a successful span reports only its start and its end', () => {
  const { heard, processor } = build();
  processor.onStart(span([0, 0]));
  processor.onEnd(span([3_600, 0], 1));
  expect(heard).toEqual([['started', 'trace'], ended]);
});

test('a span that ends in ERROR is a trigger before it ends its trace', () => {
  const { fingerprints, heard, processor } = build();
  processor.onEnd(span([0, 1], ERROR, 'GET /cart/7'));
  expect(heard).toEqual([['span_error', 'trace', 'span'], ended]);
  expect(fingerprints).toEqual([spanFingerprint('span_error', 'GET /cart/8')]);
});

test.each<[readonly [number, number], boolean]>([
  [[1, 500_000_000], false],
  [[1, 500_000_001], true],
  [[2, 0], true],
  [[0, 999_999_999], false],
])('a span of %j that may take 1,500 ms is slow: %p', (duration, isSlow) => {
  const { heard, processor } = build({ slowerThanMillis: 1_500 });
  processor.onEnd(span(duration));
  expect(heard).toEqual(isSlow ? [['span_slow', 'trace', 'span'], ended] : [ended]);
});

test('a span that failed and was slow is one trigger, with the cause span_error', () => {
  const { heard, processor } = build({ slowerThanMillis: 1 });
  processor.onEnd(span([1, 0], ERROR));
  expect(heard).toEqual([['span_error', 'trace', 'span'], ended]);
});

test('with errors: false, a failed span may still be slow', () => {
  const { heard, processor } = build({ errors: false, slowerThanMillis: 1 });
  processor.onEnd(span([0, 1], ERROR));
  expect(heard).toEqual([ended]);
  processor.onEnd(span([1, 0], ERROR));
  expect(heard.slice(1)).toEqual([['span_slow', 'trace', 'span'], ended]);
});

test.each([
  [true, true],
  [false, false],
  [1, false],
  [undefined, false],
])('if the errors function returns %p, the span is a trigger: %p', (answer, isTrigger) => {
  const { heard, processor } = build({ errors: () => answer as boolean });
  processor.onEnd(span([0, 1], ERROR));
  expect(heard.length).toBe(isTrigger ? 2 : 1);
});

test('a span that cannot be read is not counted, is logged, and throws nothing into the application', () => {
  const { heard, processor } = build();
  const broken = (): never => {
    throw new Error('broken');
  };
  expect(() => processor.onStart({ ...span([0, 0]), spanContext: broken })).not.toThrow();
  expect(heard).toEqual([]);
  // Its status cannot be read, but its end is still reported.
  expect(() => processor.onEnd({ ...span([0, 0]), status: undefined as never })).not.toThrow();
  expect(heard).toEqual([ended]);
  expect(warnings[0]).toBe('BurstSpanProcessor: a span was not counted: Error: broken');
});

test('flush and shutdown do nothing', async () => {
  const { heard, processor } = build();
  await processor.forceFlush();
  await processor.shutdown();
  processor.onStart(span([0, 0]));
  expect(heard).toEqual([['started', 'trace']]);
});
