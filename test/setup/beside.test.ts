import { context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { LoggerProvider, type LogRecordProcessor } from '@opentelemetry/sdk-logs';
import {
  InMemorySpanExporter,
  ParentBasedSampler,
  type Sampler,
  SimpleSpanProcessor,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { LogRecordProcessorLike } from '../../src/record/index.ts';
import { Severity } from '../../src/record/index.ts';
import { activate } from '../../src/setup/active.ts';
import { activeBurstlog, withBurstlog } from '../../src/setup/index.ts';
import { RecordingExporter } from '../support/exporters.ts';
import { program, runNode } from './support/run-app.ts';

interface Processors {
  readonly logRecordProcessors?: LogRecordProcessor[];
  readonly spanProcessors?: SpanProcessor[];
  readonly sampler?: Sampler;
}

describe('after another SDK was started', () => {
  test('--import burstlog/register holds what goes to its exporters, and its spans are exported as before', async () => {
    const { stdout, stderr } = await runNode([
      '--require',
      program('sdk-first.cjs'),
      '--import',
      'burstlog/register',
      program('shop.cjs'),
    ]);
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n').sort()).toEqual([
      'log bad: amount is 42',
      'log bad: card is checked',
      'log bad: card was declined',
      'log bad: order received',
      'log burst released 2 records (severity), 0 lost',
      'log good: order received',
      'span pay by bad card',
      'span pay by good card',
    ]);
  });
});

test('an SDK that Node loads after burstlog is named', async () => {
  const { stderr } = await runNode(['--import', 'burstlog/register', '--eval', ''], {
    BURSTLOG_EXPORTER: 'none',
    OTEL_TRACES_EXPORTER: 'none',
    NODE_OPTIONS: '--conditions=burstlog/register,@opentelemetry/auto-instrumentations-node/register',
  });
  expect(stderr).toContain(
    '@opentelemetry/auto-instrumentations-node/register is loaded after burstlog, so OpenTelemetry refuses',
  );
});

describe('withBurstlog()', () => {
  afterEach(() => activate(undefined));

  const environment = { OTEL_TRACES_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };

  /** Builds the providers of a configuration as NodeSDK does, without registering them. */
  function providersOf(configuration: object) {
    const { logRecordProcessors = [], spanProcessors = [], sampler } = configuration as Processors;
    return {
      logs: new LoggerProvider({ processors: logRecordProcessors }),
      traces: new TracerProvider({ spanProcessors, ...(sampler === undefined ? {} : { sampler }) }),
    };
  }

  /** A request that logs quietly, and whose span fails. */
  function fail({ logs, traces }: ReturnType<typeof providersOf>, parent = ROOT_CONTEXT): void {
    const span = traces.getTracer('shop').startSpan('pay', {}, parent);
    const inside = trace.setSpan(parent, span);
    logs.getLogger('shop').emit({ severityNumber: Severity.DEBUG, body: 'card is checked', context: inside });
    span.setStatus({ code: 2 });
    span.end();
  }

  test('keeps traceExporter, which NodeSDK would drop beside span processors', async () => {
    const traceExporter = new InMemorySpanExporter();
    const exporter = new RecordingExporter();
    const configuration = withBurstlog({ traceExporter }, { exporter, environment });
    const providers = providersOf(configuration);
    fail(providers);
    await Promise.all([activeBurstlog()?.forceFlush(), providers.traces.forceFlush()]);
    expect(traceExporter.getFinishedSpans().map(({ name }) => name)).toEqual(['pay']);
    expect(exporter.bodies).toEqual(['card is checked', 'burst released 1 record (span_error), 0 lost']);
    await providers.traces.shutdown();
    await providers.logs.shutdown();
  });

  test('keeps the span processors of the configuration, and wraps its processors of log records', async () => {
    const spans = new InMemorySpanExporter();
    const seen: unknown[] = [];
    const own: LogRecordProcessorLike = {
      onEmit: ({ body }) => void seen.push(body),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const configuration = withBurstlog(
      { spanProcessors: [new SimpleSpanProcessor({ exporter: spans })], logRecordProcessors: [own] },
      { environment },
    );
    const providers = providersOf(configuration);
    fail(providers);
    await activeBurstlog()?.forceFlush();
    expect(spans.getFinishedSpans()).toHaveLength(1);
    expect(seen).toEqual(['card is checked', 'burst released 1 record (span_error), 0 lost']);
    await providers.logs.shutdown();
  });

  test('passes everything else on as it is', () => {
    const contextManager = { its: 'own' };
    const exporter = new RecordingExporter();
    expect(withBurstlog({ contextManager, serviceName: 'shop' }, { exporter, environment })).toMatchObject({
      contextManager,
      serviceName: 'shop',
    });
  });

  test('a failed span of a trace that is not sampled is a trigger if unsampled traces are recorded', async () => {
    const parent = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: TraceFlags.NONE,
    });
    const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0) });
    const exported = async (unsampledTraces: 'ignore' | 'record') => {
      const exporter = new RecordingExporter();
      const providers = providersOf(withBurstlog({ sampler }, { exporter, unsampledTraces, environment }));
      fail(providers, parent);
      await activeBurstlog()?.forceFlush();
      await providers.logs.shutdown();
      activate(undefined);
      return exporter.bodies;
    };
    expect(context.active()).toBe(ROOT_CONTEXT);
    expect(await exported('ignore')).toEqual([]);
    expect(await exported('record')).toEqual([
      'card is checked',
      'burst released 1 record (span_error), 0 lost',
    ]);
  });
});
