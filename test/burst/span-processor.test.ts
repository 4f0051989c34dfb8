import {
  type Attributes,
  context,
  ROOT_CONTEXT,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemoryLogRecordExporter } from '@opentelemetry/sdk-logs';
import { AlwaysOffSampler, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { BurstLogRecordProcessor } from '../../src/burst/burst-log-record-processor.ts';
import type { BurstSpanProcessorOptions } from '../../src/burst/burst-span-processor.ts';
import type { BurstExporterOptions } from '../../src/burst/options.ts';
import { expectAccountsBalance, FRONTS, inTrace, pipelineOf, traceIdOf } from '../support/pipeline.ts';

describe.each(FRONTS)('%s', (front) => {
  const pipeline = pipelineOf(front);

  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });
  afterAll(() => context.disable());

  function traced(spanOptions: BurstSpanProcessorOptions = {}, options: Partial<BurstExporterOptions> = {}) {
    const line = pipeline(options);
    const spanProcessor = line.burst.spanProcessor(spanOptions);
    const tracer = new TracerProvider({ spanProcessors: [spanProcessor as SpanProcessor] }).getTracer('test');
    /** Runs `work` inside a new span, which stays open until `end()`. */
    const open = (name: string, parent = context.active(), spanOptions: SpanOptions = {}) => {
      const span = tracer.startSpan(name, spanOptions, parent);
      const inside = trace.setSpan(parent, span);
      return { span, inside, within: (work: () => void) => context.with(inside, work) };
    };
    return { ...line, open, tracer };
  }

  describe('the lifetime of a trace', () => {
    test('when the last span has ended and none starts within the linger time, held records are discarded', () => {
      const { open, log, burst, clock } = traced();
      const root = open('root');
      root.within(() => log('DEBUG', 'quiet'));
      root.span.end();
      clock.advance(999);
      expect(burst.stats()).toMatchObject({ holding: 1, discarded: 0 });
      clock.advance(1);
      expect(burst.stats()).toMatchObject({ holding: 0, discarded: 1, keys: 0, openTraces: 0 });
    });

    test('a child that is still open keeps its trace alive', () => {
      const { open, log, burst, clock } = traced();
      const root = open('root');
      const child = open('child', root.inside);
      child.within(() => log('DEBUG', 'quiet'));
      root.span.end();
      clock.advance(10_000);
      expect(burst.stats()).toMatchObject({ holding: 1, openTraces: 1 });
      child.span.end();
      clock.advance(1_000);
      expect(burst.stats().holding).toBe(0);
    });

    test('a span that starts within the linger time keeps it alive', () => {
      const { open, log, burst, clock } = traced();
      const first = open('first');
      first.within(() => log('DEBUG', 'quiet'));
      first.span.end();
      clock.advance(900);
      const second = open('second', first.inside);
      clock.advance(10_000);
      expect(burst.stats().holding).toBe(1);
      second.span.end();
      clock.advance(1_000);
      expect(burst.stats().holding).toBe(0);
    });

    test('a server span with a remote parent starts and ends the lifetime of its trace in this process', () => {
      const { open, log, burst, clock } = traced();
      const remote = trace.setSpanContext(inTrace('x'), {
        traceId: traceIdOf('x'),
        spanId: '00f067aa0ba902b7',
        traceFlags: 1,
        isRemote: true,
      });
      const server = open('server', remote);
      server.within(() => log('DEBUG', 'quiet'));
      server.span.end();
      clock.advance(1_000);
      expect(burst.stats()).toMatchObject({ holding: 0, discarded: 1 });
    });

    test('a trace with open spans is not idle', () => {
      const { open, log, burst, clock } = traced({}, { idleMillis: 1_000 });
      const root = open('root');
      root.within(() => log('DEBUG', 'quiet'));
      clock.advance(30_000);
      expect(burst.stats().holding).toBe(1);
    });

    test('a late record of a trace without a trigger is held', async () => {
      const { open, log, bodies, clock } = traced();
      const root = open('root');
      root.span.end();
      clock.advance(1_000);
      root.within(() => log('DEBUG', 'late'));
      root.within(() => log('ERROR', 'failed late'));
      expect(await bodies()).toEqual(['failed late', 'late']);
    });

    test('a late record of a trace with a burst passes within the rest of the window, otherwise it is discarded', async () => {
      const { open, log, bodies, clock, burst } = traced({}, { after: { millis: 5_000 } });
      const root = open('root');
      root.within(() => log('ERROR', 'failed'));
      root.span.end();
      clock.advance(4_000);
      root.within(() => log('DEBUG', 'late'));
      clock.advance(1_000);
      root.within(() => log('DEBUG', 'too late'));
      expect(await bodies()).toEqual(['failed', 'late']);
      expect(burst.stats()).toMatchObject({ passed: 1, discarded: 1, holding: 0 });
      expectAccountsBalance(burst.stats());
    });

    test('without a window, a late record of a trace with a burst is discarded', async () => {
      const { open, log, bodies, clock, burst } = traced({}, { after: false });
      const root = open('root');
      root.within(() => log('ERROR', 'failed'));
      root.span.end();
      clock.advance(1_000);
      root.within(() => log('DEBUG', 'late'));
      expect(burst.stats()).toMatchObject({ holding: 0, discarded: 1 });
      expect(await bodies()).toEqual(['failed']);
    });

    test('a late trigger shows that the trace continues: after its window, records are held again', async () => {
      const { open, log, clock, bodies, manifests, burst } = traced();
      const connect = open('connect');
      connect.within(() => log('DEBUG', 'connecting'));
      connect.within(() => log('ERROR', 'connect failed'));
      connect.span.end();
      for (let attempt = 1; attempt <= 4; attempt += 1) {
        clock.advance(40_000);
        connect.within(() => log('DEBUG', `attempt ${attempt}`));
        connect.within(() => log('ERROR', `attempt ${attempt} failed`));
      }
      expect(await bodies()).toEqual(
        expect.arrayContaining(['connecting', 'attempt 2', 'attempt 3', 'attempt 4', 'attempt 4 failed']),
      );
      expect(await manifests()).toHaveLength(4);
      expect(burst.stats()).toMatchObject({ discarded: 1, released: 4 });
      clock.advance(1_000_000);
      expect(burst.stats()).toMatchObject({ holding: 0, keys: 0 });
      expectAccountsBalance(burst.stats());
    });

    test('so does one that joins the open window', async () => {
      const { open, log, clock, bodies } = traced({}, { after: { millis: 5_000 } });
      const root = open('root');
      root.within(() => log('ERROR', 'failed'));
      root.span.end();
      clock.advance(4_000);
      root.within(() => log('ERROR', 'failed again'));
      clock.advance(1_000);
      root.within(() => log('DEBUG', 'held'));
      root.within(() => log('ERROR', 'failed for the third time'));
      expect(await bodies()).toEqual(['failed', 'failed again', 'failed for the third time', 'held']);
    });

    test('while such a trace has an open span it holds again after its window', async () => {
      const { open, log, bodies, clock, burst } = traced({}, { after: { millis: 5_000 } });
      const root = open('root');
      root.within(() => log('ERROR', 'failed'));
      clock.advance(5_000);
      root.within(() => log('DEBUG', 'held'));
      expect(burst.stats().holding).toBe(1);
      root.within(() => log('ERROR', 'failed again'));
      expect(await bodies()).toEqual(['failed', 'failed again', 'held']);
    });
  });

  describe('spans are triggers', () => {
    test('a span that ends in ERROR bursts its trace at once, without an error log', async () => {
      const { open, log, bodies, manifests, exported, burst } = traced();
      const root = open('root');
      root.within(() => log('DEBUG', 'quiet'));
      const child = open('child', root.inside);
      child.span.setStatus({ code: SpanStatusCode.ERROR });
      child.span.end();
      await burst.forceFlush();
      expect(exported()[0]!.body).toBe('quiet');
      expect(await bodies()).toEqual(['quiet']);
      expect((await manifests())[0]!.attributes).toMatchObject({
        'burst.trigger': 'span_error',
        'burst.span_id': child.span.spanContext().spanId,
      });
    });

    test('a function decides which spans that ended in ERROR are triggers, and is called for no others', async () => {
      const asked: unknown[] = [];
      const { open, log, bodies } = traced({
        errors: (span) => {
          asked.push(span.name);
          const status = span.attributes['http.response.status_code'] as number;
          return !(span.kind === SpanKind.CLIENT && status >= 400 && status < 500);
        },
      });
      const end = (name: string, attributes: Attributes, code = SpanStatusCode.ERROR) => {
        const { span, within } = open(name, ROOT_CONTEXT, { kind: SpanKind.CLIENT, attributes });
        within(() => log('DEBUG', `of ${name}`));
        span.setStatus({ code });
        span.end();
      };
      end('not found', { 'http.response.status_code': 404 });
      end('broken', { 'http.response.status_code': 503 });
      end('fine', { 'http.response.status_code': 200 }, SpanStatusCode.UNSET);
      expect(await bodies()).toEqual(['of broken']);
      expect(asked).toEqual(['not found', 'broken']);
    });

    test('if the function throws, the span is a trigger, and its trace still settles', async () => {
      const { open, log, bodies, clock, burst } = traced({
        errors: () => {
          throw new Error('broken');
        },
      });
      const { span, within } = open('failed');
      within(() => log('DEBUG', 'quiet'));
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
      expect(await bodies()).toEqual(['quiet']);
      clock.advance(1_000_000);
      expect(burst.stats()).toMatchObject({ openTraces: 0, keys: 0 });
    });

    test('records that the function emits are dropped, because they would call it again', async () => {
      const { open, log, burst } = traced({
        errors: () => {
          log('ERROR', 'from inside');
          return true;
        },
      });
      const { span } = open('failed');
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
      await burst.forceFlush();
      expect(burst.stats().failed.reentrant).toBe(1);
    });

    test('with errors: false it is not a trigger', async () => {
      const { open, log, bodies } = traced({ errors: false });
      const root = open('root');
      root.within(() => log('DEBUG', 'quiet'));
      root.span.setStatus({ code: SpanStatusCode.ERROR });
      root.span.end();
      expect(await bodies()).toEqual([]);
    });

    test('a span slower than slowerThanMillis bursts its trace', async () => {
      const { tracer, log, bodies, manifests } = traced({ slowerThanMillis: 1_100 });
      for (const [name, millis] of [
        ['fast', 1_100],
        ['slow', 1_101],
      ] as const) {
        const span = tracer.startSpan(name, { startTime: 1_700_000_000_000 });
        context.with(trace.setSpan(context.active(), span), () => log('DEBUG', `in ${name}`));
        span.end(1_700_000_000_000 + millis);
      }
      expect(await bodies()).toEqual(['in slow']);
      expect((await manifests())[0]!.attributes['burst.trigger']).toBe('span_slow');
    });

    test('records after the failed span pass, even if none was held', async () => {
      const { open, log, bodies } = traced();
      const root = open('root');
      const child = open('child', root.inside);
      child.span.setStatus({ code: SpanStatusCode.ERROR });
      child.span.end();
      root.within(() => log('DEBUG', 'after'));
      expect(await bodies()).toEqual(['after']);
    });

    test('a failed span within the after-window of an error joins its burst', async () => {
      const { open, log, manifests, burst } = traced();
      const root = open('root');
      root.within(() => log('DEBUG', 'quiet'));
      root.within(() => log('ERROR', 'failed'));
      root.span.setStatus({ code: SpanStatusCode.ERROR });
      root.span.end();
      expect(await manifests()).toHaveLength(1);
      expect(burst.stats().joined).toBe(1);
    });

    test('in the global scope a failed span bursts everything', async () => {
      const { open, log, bodies } = traced({}, { scope: 'global' });
      log('DEBUG', 'of none');
      const root = open('root');
      root.within(() => log('DEBUG', 'quiet'));
      root.span.setStatus({ code: SpanStatusCode.ERROR });
      root.span.end();
      expect(await bodies()).toEqual(['of none', 'quiet']);
    });
  });

  describe('bounds and wrong use', () => {
    test('unsampled traces burst by their logs and are evicted when idle', async () => {
      const { log, burst, bodies, clock } = pipeline({ idleMillis: 1_000 });
      const spanProcessor = burst.spanProcessor() as SpanProcessor;
      const provider = new TracerProvider({
        spanProcessors: [spanProcessor],
        sampler: new AlwaysOffSampler(),
      });
      const one = provider.getTracer('test').startSpan('one');
      const two = provider.getTracer('test').startSpan('two');
      context.with(trace.setSpan(context.active(), one), () => log('DEBUG', 'of one'));
      context.with(trace.setSpan(context.active(), two), () => log('DEBUG', 'of two'));
      context.with(trace.setSpan(context.active(), one), () => log('ERROR', 'one failed'));
      expect(await bodies()).toEqual(['one failed', 'of one']);
      clock.advance(5_000);
      expect(burst.stats()).toMatchObject({ holding: 0, evicted: { idle: 1 } });
    });

    test('spans that never end do not fill the table', () => {
      const { tracer, burst } = traced();
      for (let count = 0; count < 70_000; count += 1) tracer.startSpan('endless', { root: true });
      expect(burst.stats().openTraces).toBe(65_536);
    });

    test('it can be called once, and not with a scope function', () => {
      const { burst } = traced();
      expect(() => burst.spanProcessor()).toThrow('register its result with every TracerProvider');
      const custom = new BurstLogRecordProcessor({
        exporter: new InMemoryLogRecordExporter(),
        scope: () => 'x',
      });
      expect(() => custom.spanProcessor()).toThrow('requires scope "trace" or "global", got a function');
    });

    test.each([
      [{ slowerThanMillis: -1 }, 'slowerThanMillis must be a number of milliseconds from 0, got -1'],
      [{ errors: 'yes' }, 'errors must be true or false, got "yes"'],
      [{ slow: 1 }, 'spanProcessor has no option "slow"'],
    ])('wrong options say option, expected and given value: %j', (options, message) => {
      const { burst } = pipeline();
      expect(() => burst.spanProcessor(options as BurstSpanProcessorOptions)).toThrow(message);
    });
  });
});
