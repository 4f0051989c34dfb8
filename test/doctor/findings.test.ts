import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endpointOf } from '../../src/doctor/endpoint.ts';
import { type Evidence, reportOf } from '../../src/doctor/index.ts';
import { copiesIn } from '../../src/doctor/loaded-packages.ts';
import { recordFindings } from '../../src/doctor/record-findings.ts';
import { setUpFindings } from '../../src/doctor/set-up-findings.ts';
import { unsupported } from '../../src/doctor/version-range.ts';

type Burst = Evidence['bursts'][number];
type Logger = Evidence['loggers'][number];

const burst: Burst = {
  ...{
    name: 'BurstLoggerProvider',
    level: 1,
    emitLevel: 9,
    burstLevel: 17,
    scope: 'trace',
    place: 'provider',
  },
  stats: {
    ...{ held: 5, passed: 0, live: 2, released: 5, bursts: 1, joined: 0, delivered: 7, pending: 0 },
    ...{ evicted: {}, failed: {} },
  },
};
const evidence = (changes: Partial<Evidence> = {}): Evidence => ({
  ...{ pid: 42, entry: '/app/app.js', environment: {}, bursts: [burst], isStarted: false },
  provider: { name: 'LoggerProvider', processors: [], refuses: 'none' },
  ...{ hasContextManager: true, hasTracerProvider: true, copies: [], loggers: [], warnings: [] },
  ...changes,
});
const withStats = (changes: Partial<Burst['stats']>, more: Partial<Burst> = {}) =>
  [{ ...burst, ...more, stats: { ...burst.stats, ...changes } }] as const;
const idle = { held: 0, live: 0, released: 0, bursts: 0, delivered: 0 };

describe('what to do', () => {
  const remedies = (stats: Partial<Burst['stats']>, ...loggers: Logger[]) =>
    recordFindings(evidence({ bursts: withStats(stats), loggers })).map(({ remedy }) => remedy);

  test.each<[Logger[], string]>([
    [[], 'write records with a logger that OpenTelemetry instruments'],
    [
      [{ name: 'pino', instrumentation: 'none' }],
      'npm i @opentelemetry/instrumentation-pino, or use withBurstlog() of burstlog/pino',
    ],
    [
      [{ name: 'winston', instrumentation: 'none' }],
      'npm i @opentelemetry/instrumentation-winston @opentelemetry/winston-transport',
    ],
    [
      [{ name: 'winston', instrumentation: 'before' }],
      'npm i @opentelemetry/winston-transport if it is not installed; check that winston is not silent',
    ],
    [
      [
        { name: 'bunyan', instrumentation: 'before' },
        { name: 'pino', instrumentation: 'hook' },
      ],
      'check that bunyan is not silent; check that pino is not silent',
    ],
  ])('where no record came, with %j', (loggers, remedy) => {
    expect(remedies(idle, ...loggers)).toEqual([remedy]);
  });

  test.each<[Logger[], string]>([
    [[], 'set the level of the logger to DEBUG'],
    [
      [{ name: 'pino', instrumentation: 'before' }],
      "pino: pino(withBurstlog({ level: 'info' })), of burstlog/pino",
    ],
    [
      [{ name: 'pino', instrumentation: 'hook' }],
      'pino: remove its level option, which withBurstlog() sets, and log below INFO',
    ],
    [
      [
        { name: 'winston', instrumentation: 'before' },
        { name: 'bunyan', instrumentation: 'before' },
      ],
      "winston: level 'debug' for the logger, 'info' for its transports; bunyan: level 'debug'",
    ],
  ])('where no quiet record came, with %j', (loggers, remedy) => {
    expect(remedies({ held: 0, released: 0, bursts: 0 }, ...loggers)).toEqual([remedy]);
  });

  test('where nothing was released, the trigger is named by its level', () => {
    const [finding] = recordFindings(
      evidence({ bursts: withStats({ held: 7, released: 0, bursts: 0 }, { burstLevel: 21 }) }),
    );
    expect(finding).toMatchObject({
      cause: 'no-trigger',
      seen: '7 records were held, but no trigger released them',
    });
    expect(finding!.remedy).toContain('whether it was below FATAL');
  });

  test('a record that was passed on, or a burst that joined another, is a sign of life', () => {
    expect(remedies({ ...idle, passed: 1, joined: 1 })).toEqual([]);
    expect(remedies({ held: 0, passed: 3, released: 0, bursts: 1 })).toEqual([]);
  });

  test.each([
    ['capacity', 'raise capacity, or use scope trace or task instead of global'],
    ['bytes', 'raise maxBytes'],
    ['age', 'raise maxAgeMillis'],
    ['idle', 'raise idleMillis, or register spanProcessor() so that open traces are known'],
    ['limit', 'raise limit, or set it to false'],
    ['size', 'raise maxRecordBytes'],
  ])('for records that were evicted by %s', (cause, remedy) => {
    const [finding, ...others] = recordFindings(evidence({ bursts: withStats({ evicted: { [cause]: 3 } }) }));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      cause: `evicted-${cause}`,
      seen: `3 held records were evicted: ${cause}`,
      remedy,
    });
  });

  test('failures are named by cause, with what is still pending', () => {
    const seen = (changes: Partial<Burst['stats']>) =>
      recordFindings(evidence({ bursts: withStats(changes) })).map((finding) => finding.seen);
    expect(seen({ failed: { export: 3, bytes: 1, full: 0 }, pending: 2 })).toEqual([
      '7 records were delivered; failed: 3 export, 1 bytes; 2 are still pending',
    ]);
    expect(seen({ pending: 1 })).toEqual(['7 records were delivered; failed: none; 1 are still pending']);
  });

  test('each burst is checked; one that can hold nothing reports nothing about its records', () => {
    const both = [...withStats(idle), ...withStats(idle, { level: 9 })];
    expect(recordFindings(evidence({ bursts: both }))).toHaveLength(1);
  });
});

describe('what is seen of the set-up', () => {
  const seen = (changes: Partial<Evidence>) =>
    setUpFindings(evidence(changes)).map((finding) => finding.seen);

  test('another provider is named with its processors', () => {
    const bursts = withStats({}, { place: 'elsewhere' });
    const provider = (processors: string[] | undefined) => ({
      name: 'Other',
      processors,
      refuses: 'none' as const,
    });
    expect(seen({ bursts, provider: provider(['A', 'B']) })).toEqual([
      'the registered LoggerProvider is a different one: Other with A, B; the burst is not registered',
    ]);
    expect(seen({ bursts, provider: provider(undefined) })[0]).toContain('Other with no processors');
    expect(seen({ bursts: withStats(idle, { place: 'elsewhere' }), provider: undefined })).toEqual([
      'no LoggerProvider is registered; the burst is not registered',
    ]);
  });

  test('the variable that turns it off is shown as it is set', () => {
    expect(seen({ environment: { BURSTLOG_EXPORTER: ' None ' } })).toEqual(['BURSTLOG_EXPORTER=None']);
    expect(seen({ environment: { OTEL_LOGS_EXPORTER: 'none,otlp', OTEL_SDK_DISABLED: ' TRUE' } })).toEqual([
      'OTEL_SDK_DISABLED=true',
      'OTEL_LOGS_EXPORTER=none,otlp',
    ]);
  });

  test('levels are named, and what is refused of which traces', () => {
    expect(seen({ bursts: withStats({}, { level: 13, emitLevel: 9 }) })).toEqual([
      'level is WARN, and emitLevel is INFO',
    ]);
    const provider = { name: 'P', processors: [], refuses: 'unsampled' as const };
    expect(seen({ provider })).toEqual([
      'the registered LoggerProvider rejects DEBUG records of unsampled traces',
    ]);
    expect(seen({ provider, bursts: withStats({}, { level: 9, emitLevel: 13 }) })).toEqual([]);
  });

  test('each copy of the API is named with its folder, and each version that does not work', () => {
    const copy = (name: string, version: string) => ({ name, version, folder: `/${version}` });
    const copies = [
      copy('@opentelemetry/api', '1.9.0'),
      copy('@opentelemetry/api', '1.10.0'),
      copy('@opentelemetry/sdk-logs', '0.202.0'),
    ];
    expect(seen({ copies })).toEqual([
      'versions of @opentelemetry/api: 1.9.0 in /1.9.0, 1.10.0 in /1.10.0',
      '@opentelemetry/sdk-logs 0.202.0 in /0.202.0',
    ]);
  });
});

test.each([
  ['@opentelemetry/api', '1.8.9', '>=1.9.0 <2.0.0'],
  ['@opentelemetry/api', '1.9.0', undefined],
  ['@opentelemetry/api', '1.10.0', undefined],
  ['@opentelemetry/api', '2.0.0', '>=1.9.0 <2.0.0'],
  ['@opentelemetry/sdk-logs', '0.202.9', '>=0.203.0 <0.224.0 or >=3.0.0 <4.0.0'],
  ['@opentelemetry/sdk-logs', '0.203.0', undefined],
  ['@opentelemetry/sdk-logs', '0.223.9', undefined],
  ['@opentelemetry/sdk-logs', '0.224.0', '>=0.203.0 <0.224.0 or >=3.0.0 <4.0.0'],
  ['@opentelemetry/sdk-logs', '2.9.9', '>=0.203.0 <0.224.0 or >=3.0.0 <4.0.0'],
  ['@opentelemetry/sdk-logs', '3.0.0-rc.1', undefined],
  ['@opentelemetry/sdk-logs', '4.0.0', '>=0.203.0 <0.224.0 or >=3.0.0 <4.0.0'],
  ['@opentelemetry/sdk-logs', '3.x', undefined],
  ['@opentelemetry/resources', '0.0.1', undefined],
])('%s %s: expected %s', (name, version, expected) => {
  expect(unsupported(name, version)).toBe(expected);
});

test('each folder that a package is loaded from is a copy, also one within another package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'copies-'));
  const at = (...path: string[]) => join(folder, 'node_modules', ...path);
  try {
    const [api, inner] = [at('@opentelemetry', 'api'), at('app', 'node_modules', '@opentelemetry', 'api')];
    mkdirSync(api, { recursive: true });
    writeFileSync(join(api, 'package.json'), '{"version":"1.9.0"}');
    const files = [
      ...[join(api, 'build', 'a.js'), join(api, 'build', 'b.js'), join(inner, 'index.js')],
      ...[at('@opentelemetry', 'api-logs', 'index.js'), at('@opentelemetry', 'sdk-logs', 'index.js')],
    ];
    expect(copiesIn(files)).toEqual([
      { name: '@opentelemetry/api', folder: api, version: '1.9.0' },
      { name: '@opentelemetry/api', folder: inner, version: 'unknown' },
      { name: '@opentelemetry/sdk-logs', folder: at('@opentelemetry', 'sdk-logs'), version: 'unknown' },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each<[Record<string, string>, boolean, string | undefined]>([
  [{}, false, undefined],
  [{}, true, 'http://localhost:4318/'],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: ' grpc' }, true, 'http://localhost:4317/'],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json' },
    true,
    'http://localhost:4318/',
  ],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1' }, false, 'http://a:1/'],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1', OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://b:2/v1/logs' },
    false,
    'http://b:2/v1/logs',
  ],
  [{ BURSTLOG_ENDPOINT: 'http://c:3', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1' }, false, 'http://c:3/'],
  [{ BURSTLOG_EXPORTER: 'zmq' }, false, 'tcp://127.0.0.1:5011'],
  [{ BURSTLOG_EXPORTER: 'zmq', BURSTLOG_ENDPOINT: 'tcp://h:1' }, false, 'tcp://h:1'],
  [{ BURSTLOG_EXPORTER: 'zmq', BURSTLOG_ENDPOINT: 'ipc:///run/d.sock' }, false, undefined],
  [{ OTEL_LOGS_EXPORTER: 'none' }, true, undefined],
  [{ OTEL_LOGS_EXPORTER: 'console' }, true, undefined],
  [{ OTEL_LOGS_EXPORTER: 'console,otlp' }, true, 'http://localhost:4318/'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'here' }, true, undefined],
  [{ OTEL_CONFIG_FILE: 'shop.yaml' }, true, undefined],
])('%j, set up by start(): %s; records go to %s', (environment, isStarted, expected) => {
  expect(endpointOf(evidence({ environment, isStarted }))?.href).toBe(expected);
  expect(endpointOf(evidence({ environment, isStarted, bursts: [] }))).toBeUndefined();
});

test('without findings the report says so', () => {
  expect(reportOf(evidence({ entry: '', bursts: [] }), [])).toEqual([
    'distlog doctor: process 42, no entry file',
    '',
    'No problems found.',
  ]);
});
