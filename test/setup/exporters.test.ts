import { PriorityBatchLogRecordProcessor } from '../../src/export/index.ts';
import type { LogRecordExporterLike } from '../../src/record/index.ts';
import { resolve } from '../../src/settings/index.ts';
import { entryOf, logExporterOf, logProcessorOf, spanProcessorOf } from '../../src/setup/file-components.ts';
import { LazyExporter } from '../../src/setup/lazy-exporter.ts';
import { logExporters } from '../../src/setup/log-exporters.ts';
import { OtelEnvironment } from '../../src/setup/otel-environment.ts';
import { settings as definition } from '../../src/setup/settings.ts';
import { exportingSpanProcessors } from '../../src/setup/span-processors.ts';
import type { TraceSdk } from '../../src/setup/trace-sdk.ts';
import { installedPackages } from './support/installed-packages.ts';

class Made {
  readonly options: object | undefined;
  constructor(options?: object) {
    this.options = options;
  }
}
const PROTO = '@opentelemetry/exporter-logs-otlp-proto';
const otlp = { [PROTO]: { OTLPLogExporter: Made } };
const traces = { '@opentelemetry/exporter-trace-otlp-proto': { OTLPTraceExporter: Made } };

/** What the exporter is, as far as it shows. */
const kindOf = (exporter: LogRecordExporterLike) => {
  if (exporter instanceof Made) return 'otlp';
  const { worstCaseMillis, maxConcurrentExports } = exporter as LazyExporter;
  return maxConcurrentExports === undefined ? `stdout ${worstCaseMillis}` : `zmq ${worstCaseMillis}`;
};

describe('where log records go', () => {
  const exportersOf = (
    settings: object,
    variables: Readonly<Record<string, string>> = {},
    installed: Readonly<Record<string, object>> = otlp,
  ) => {
    const { packages, messages, report } = installedPackages(installed);
    const environment = new OtelEnvironment(variables, report);
    const all = logExporters(resolve(definition, 'start', settings), environment, packages);
    return { kinds: all.map(kindOf), all, messages, missing: packages.missing() };
  };

  test.each<[object, Record<string, string>, string[]]>([
    [{}, {}, ['otlp']],
    [{ exporter: 'none' }, {}, []],
    [{ exporter: 'zmq' }, { OTEL_LOGS_EXPORTER: 'none' }, ['zmq 300000']],
    [{ exporter: 'stdout' }, {}, ['stdout 0']],
    [{ exporter: 'otlp' }, { OTEL_LOGS_EXPORTER: 'console' }, ['otlp']],
    [{}, { OTEL_LOGS_EXPORTER: 'console' }, ['stdout 0']],
    [{}, { OTEL_LOGS_EXPORTER: 'otlp,console' }, ['otlp', 'stdout 0']],
    [{}, { OTEL_LOGS_EXPORTER: 'console,none' }, []],
  ])('with the settings %j and %j: %j', (settings, variables, expected) => {
    expect(exportersOf(settings, variables)).toMatchObject({ kinds: expected, messages: [] });
  });

  test('a name that is not known is reported, and the default holds', () => {
    const { kinds, messages } = exportersOf({}, { OTEL_LOGS_EXPORTER: 'prometheus' });
    expect(kinds).toEqual(['otlp']);
    expect(messages).toEqual([
      'OTEL_LOGS_EXPORTER must be a list of otlp, console or none, got "prometheus"; it is ignored',
    ]);
  });

  test('without an OTLP exporter they are shown, and what is missing is named', () => {
    const { kinds, missing } = exportersOf({}, {}, {});
    expect(kinds).toEqual(['stdout 0']);
    expect(missing).toContain(`${PROTO} (log records are written to standard output instead)`);
  });

  test('an endpoint is that of the OTLP exporter', () => {
    const { all } = exportersOf({ endpoint: 'http://collector:4318' });
    expect(all).toEqual([new Made({ url: 'http://collector:4318/v1/logs' })]);
  });
});

describe('where spans go', () => {
  const sdk = {
    console: () => 'console',
    batched: (exporter: object, options?: object) => ({ exporter, options }),
  } as unknown as TraceSdk;
  const processorsOf = (
    variables: Readonly<Record<string, string>>,
    installed: Readonly<Record<string, object>>,
  ) => {
    const { packages, messages, report } = installedPackages(installed);
    const all = exportingSpanProcessors(new OtelEnvironment(variables, report), packages, sdk);
    return { all, messages, missing: packages.missing() };
  };
  const batched = { exporter: new Made(), options: undefined };

  test('over OTLP if its exporter is installed; if it was not requested, it is not reported as missing', () => {
    expect(processorsOf({}, traces)).toEqual({ all: [batched], messages: [], missing: undefined });
    expect(processorsOf({}, {})).toEqual({ all: [], messages: [], missing: undefined });
    expect(processorsOf({ OTEL_TRACES_EXPORTER: 'otlp' }, {}).missing).toContain(
      'OTEL_TRACES_EXPORTER includes otlp; spans are not exported to it',
    );
  });

  test('to each that is named, or to none', () => {
    const zipkin = { '@opentelemetry/exporter-zipkin': { ZipkinExporter: Made } };
    const all = { OTEL_TRACES_EXPORTER: 'console,zipkin,otlp' };
    expect(processorsOf(all, { ...zipkin, ...traces }).all).toEqual(['console', batched, batched]);
    expect(processorsOf({ OTEL_TRACES_EXPORTER: 'console,none' }, traces).all).toEqual([]);
    expect(processorsOf({ OTEL_TRACES_EXPORTER: 'zipkin' }, {})).toMatchObject({
      all: [],
      missing: expect.stringContaining(
        '@opentelemetry/exporter-zipkin (OTEL_TRACES_EXPORTER includes zipkin',
      ),
    });
  });

  test('of a file: batched or one by one, to the console or over OTLP', () => {
    const { packages } = installedPackages(traces);
    const of = (model: object) => spanProcessorOf(model, packages, sdk);
    expect(of({ simple: { exporter: { console: null } } })).toBe('console');
    const properties = { schedule_delay: 5, max_queue_size: null, export_timeout: 7 };
    expect(of({ batch: { ...properties, exporter: { otlp_http: { endpoint: 'http://a' } } } })).toEqual({
      exporter: new Made({ url: 'http://a' }),
      options: { scheduledDelayMillis: 5, exportTimeoutMillis: 7 },
    });
    expect(() => of({ bursts: {} })).toThrow('unknown SpanProcessor name: "bursts"');
    expect(() => of({ batch: { exporter: { zipkin: {} } } })).toThrow(
      'unknown SpanExporter name in configuration: "zipkin"',
    );
  });
});

describe('the components of a file', () => {
  const { packages } = installedPackages(otlp);
  const exporterOf = (model: unknown) => logExporterOf(model, packages);

  test.each<[object, string]>([
    [{ otlp_http: null }, 'otlp'],
    [{ 'otlp_file/development': {} }, 'stdout 0'],
    [{ console: null }, 'stdout 0'],
    [{ 'zmq/development': { endpoint: 'tcp://127.0.0.1:1' } }, 'zmq 300000'],
    [{ 'zmq/development': { endpoint: 5 } }, 'zmq 300000'],
  ])('the exporter %j is %s', (model, kind) => {
    expect(kindOf(exporterOf(model))).toBe(kind);
  });

  test('a component has one name', () => {
    expect(entryOf({ console: null }, 'X')).toEqual(['console', {}]);
    for (const [model, names] of [
      [{}, '[]'],
      [null, '[]'],
      [{ a: {}, b: {} }, '["a","b"]'],
    ] as const) {
      expect(() => entryOf(model, 'X')).toThrow(
        `invalid X in configuration: must have exactly one entry: entries=${names}`,
      );
    }
  });

  test('an exporter of OTLP takes what the file says, and nothing that it does not', () => {
    expect(exporterOf({ otlp_http: {} })).toEqual(new Made({}));
    const all = {
      endpoint: 'http://a',
      timeout: 5,
      compression: 'gzip',
      headers: [{ name: 'a', value: null }],
    };
    expect(exporterOf({ otlp_http: all })).toEqual(
      new Made({ url: 'http://a', timeoutMillis: 5, compression: 'gzip', headers: { a: '' } }),
    );
  });

  test.each([
    [{ otlp_grpc: {} }, 'otlp_grpc needs @opentelemetry/exporter-logs-otlp-grpc: npm i '],
    [{ otlp_http: { encoding: 'json' } }, 'otlp_http needs @opentelemetry/exporter-logs-otlp-http: npm i '],
    [{ otlp_http: { tls: {} } }, 'otlp_http: tls is not supported here; set OTEL_EXPORTER_OTLP_CERTIFICATE'],
    [{ prometheus: {} }, 'unknown LogRecordExporter name in configuration: "prometheus"'],
  ])('%j is an error that says what to do', (model, message) => {
    expect(() => exporterOf(model)).toThrow(message);
  });

  test.each([[{ headers: [] }], [{ headers_list: 'a=1' }], [{ tls: {} }]])(
    'over gRPC %j cannot be given in a file',
    (properties) => {
      const grpc = installedPackages({ '@opentelemetry/exporter-logs-otlp-grpc': { OTLPLogExporter: Made } });
      expect(() => logExporterOf({ otlp_grpc: properties }, grpc.packages)).toThrow(
        'otlp_grpc: headers and tls are not supported here; set OTEL_EXPORTER_OTLP_* for them',
      );
      expect(logExporterOf({ otlp_grpc: null }, grpc.packages)).toEqual(new Made({}));
    },
  );

  test('a processor is batch, simple or a burst, and has an exporter', async () => {
    for (const name of ['batch', 'simple', 'burst/development']) {
      const processor = logProcessorOf({ [name]: { exporter: { console: {} } } }, packages);
      expect(processor).toBeInstanceOf(PriorityBatchLogRecordProcessor);
      await processor.shutdown();
    }
    expect(() => logProcessorOf({ batch: {} }, packages)).toThrow('invalid LogRecordExporter');
    expect(() => logProcessorOf({ lazy: {} }, packages)).toThrow('unknown LogRecordProcessor name: "lazy"');
    const wrong = { batch: { exporter: { console: {} }, max_queue_size: -1 } };
    expect(() => logProcessorOf(wrong, packages)).toThrow(/maxQueueSize must be/);
  });
});

test('an exporter that is still being made is exported to, flushed and shut down once it is there', async () => {
  const calls: unknown[] = [];
  let finish = (_made: LogRecordExporterLike) => {};
  const made = new Promise<LogRecordExporterLike>((resolve) => {
    finish = resolve;
  });
  const lazy = new LazyExporter(made, { maxConcurrentExports: 8, worstCaseMillis: 5 });
  expect([lazy.maxConcurrentExports, lazy.worstCaseMillis]).toEqual([8, 5]);
  const results: unknown[] = [];
  lazy.export(['record'] as never, (result) => results.push(result));
  const ends = [lazy.forceFlush({ timeoutMillis: 1 }), lazy.shutdown({ timeoutMillis: 2 })];
  expect(calls).toEqual([]);
  finish({
    export: (records, done) => {
      calls.push(records);
      done({ code: 0 });
    },
    forceFlush: async (options?: object) => void calls.push(options),
    shutdown: async (options?: object) => void calls.push(options),
  } as LogRecordExporterLike);
  await Promise.all(ends);
  expect(calls).toEqual([['record'], { timeoutMillis: 1 }, { timeoutMillis: 2 }]);
  expect(results).toEqual([{ code: 0 }]);
});
