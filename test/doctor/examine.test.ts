import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemoryLogRecordExporter, LoggerProvider, type LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { BurstLoggerProvider, BurstLogRecordProcessor } from '../../src/burst/index.ts';
import { Examiner } from '../../src/doctor/examine.ts';
import { loggersIn } from '../../src/doctor/loaded-packages.ts';
import { withBurstlog } from '../../src/pino/index.ts';
import { registerLoggerProvider } from '../../src/record/global-logs.ts';
import { nextTurn } from '../../src/record/timers.ts';
import { TaskLogRecordProcessor } from '../../src/task/index.ts';

let takeBack: (() => void) | undefined;
afterEach(() => {
  takeBack?.();
  takeBack = undefined;
  context.disable();
  delete (globalThis as { [key: symbol]: unknown })[Symbol.for('burstlog.watcher')];
  delete (globalThis as { [key: symbol]: unknown })[Symbol.for('burstlog.hookedLoggers')];
});

const exporter = () => new InMemoryLogRecordExporter();
const sdk = (...processors: object[]) =>
  new LoggerProvider({ processors: processors as LogRecordProcessor[] });

test('a burst among the processors of the registered provider', () => {
  const examiner = new Examiner(() => {});
  const burst = new BurstLogRecordProcessor({ exporter: exporter(), burstLevel: 'FATAL' });
  takeBack = registerLoggerProvider(sdk(new TaskLogRecordProcessor(), burst));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  expect(examiner.evidence()).toMatchObject({
    bursts: [{ name: 'BurstLogRecordProcessor', place: 'processor', scope: 'trace', burstLevel: 21 }],
    provider: { processors: ['TaskLogRecordProcessor', 'BurstLogRecordProcessor'], refuses: 'none' },
    hasContextManager: true,
    hasTracerProvider: false,
  });
});

test('a burst in front of the SDK', () => {
  const examiner = new Examiner(() => {});
  takeBack = registerLoggerProvider(new BurstLoggerProvider({ provider: sdk() }));
  expect(examiner.evidence()).toMatchObject({
    bursts: [{ name: 'BurstLoggerProvider', place: 'provider' }],
    provider: { name: 'BurstLoggerProvider', processors: undefined },
  });
});

test.each([
  ['another provider is registered', () => sdk(new TaskLogRecordProcessor()), 'elsewhere'],
  ['another burst is registered', () => new BurstLoggerProvider({ provider: sdk() }), 'elsewhere'],
  ['a provider that shows nothing is registered', () => ({ getLogger: () => ({ emit() {} }) }), 'unknown'],
  [
    'a processor of the application may have it',
    () => sdk(new (class Own extends TaskLogRecordProcessor {})()),
    'unknown',
  ],
])('%s', (_name, other, place) => {
  const examiner = new Examiner(() => {});
  new BurstLogRecordProcessor({ exporter: exporter() });
  takeBack = registerLoggerProvider(other());
  expect(examiner.evidence().bursts[0]).toMatchObject({ place });
});

test('what was registered is remembered over the shutdown, and the counts are the last ones', async () => {
  let changes = 0;
  const examiner = new Examiner(() => {
    changes += 1;
  });
  const burst = new BurstLogRecordProcessor({ exporter: exporter() });
  const provider = sdk(burst);
  const end = registerLoggerProvider(provider);
  await nextTurn();
  provider.getLogger('shop').emit({ severityNumber: 9, body: 'order received' });
  await provider.shutdown();
  end();
  expect(changes).toBe(2);
  expect(examiner.evidence()).toMatchObject({
    bursts: [{ place: 'processor', stats: { live: 1, delivered: 1 } }],
    provider: { refuses: 'none' },
  });
});

test('the first fifty warnings of the package are kept, and variables that hold secrets are not', () => {
  const examiner = new Examiner(() => {});
  const before = { ...process.env };
  Object.assign(process.env, {
    ...{ OTEL_EXPORTER_OTLP_HEADERS: 'api-key=1', OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'api-key=2' },
    ...{ OTEL_EXPORTER_OTLP_CLIENT_KEY: '/key.pem', OTEL_SERVICE_NAME: 'shop', BURSTLOG_LEVEL: 'DEBUG' },
    ...{ MY_OTEL_TOKEN: 'secret' },
  });
  try {
    for (let at = 1; at <= 51; at += 1) examiner.warning(`warning ${at}`);
    const { warnings, environment } = examiner.evidence();
    expect([warnings.length, warnings[0], warnings.at(-1)]).toEqual([50, 'warning 1', 'warning 50']);
    expect(environment).toMatchObject({ OTEL_SERVICE_NAME: 'shop', BURSTLOG_LEVEL: 'DEBUG' });
    expect(JSON.stringify(environment)).not.toMatch(/api-key|key\.pem|secret/);
  } finally {
    process.env = before;
  }
});

test('a logger is seen by its files, and whether its instrumentation was first', () => {
  const file = (name: string) => `/app/node_modules/${name}/index.js`;
  const [pino, winston, ours] = ['pino', 'winston', '@opentelemetry/instrumentation-pino'].map(file) as [
    string,
    string,
    string,
  ];
  expect(loggersIn([ours, pino, winston, file('pino-http')])).toEqual([
    { name: 'pino', instrumentation: 'before' },
    { name: 'winston', instrumentation: 'none' },
  ]);
  expect(loggersIn([pino, ours])).toEqual([{ name: 'pino', instrumentation: 'after' }]);
  withBurstlog({});
  expect(loggersIn([pino, winston, ours])).toEqual([
    { name: 'pino', instrumentation: 'hook' },
    { name: 'winston', instrumentation: 'none' },
  ]);
});
