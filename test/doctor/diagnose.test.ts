import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { exportersIn } from '../../src/doctor/exporters-in.ts';
import { diagnose, type Evidence, mainProcess, reportOf } from '../../src/doctor/index.ts';
import { Severity } from '../../src/record/severity.ts';
import { nextTurn } from '../../src/record/timers.ts';
import { resolve } from '../../src/settings/index.ts';
import { readEnvironment } from '../../src/setup/environment.ts';
import { logExporters } from '../../src/setup/log-exporters.ts';
import { OtelEnvironment } from '../../src/setup/otel-environment.ts';
import { Packages } from '../../src/setup/packages.ts';
import { settings } from '../../src/setup/settings.ts';
import { freePort } from '../support/free-port.js';

type Burst = Evidence['bursts'][number];

const stats: Burst['stats'] = {
  ...{ held: 5, passed: 0, live: 2, released: 5, bursts: 1, joined: 0, delivered: 7, pending: 0 },
  evicted: { capacity: 0, limit: 0 },
  failed: { bytes: 0 },
};
const burst: Burst = {
  name: 'BurstLogRecordProcessor',
  level: Severity.TRACE,
  emitLevel: Severity.INFO,
  burstLevel: Severity.ERROR,
  scope: 'trace',
  place: 'processor',
  stats,
};
const provider: Evidence['provider'] = {
  name: 'LoggerProvider',
  processors: ['TaskLogRecordProcessor', 'BurstLogRecordProcessor'],
  refuses: 'none',
};
/** A process without problems. */
const sound: Evidence = {
  pid: 42,
  entry: '/app/app.js',
  environment: {},
  bursts: [burst],
  provider,
  isStarted: false,
  hasContextManager: true,
  hasTracerProvider: true,
  copies: [{ name: '@opentelemetry/api', version: '1.9.1', folder: '/app/node_modules/@opentelemetry/api' }],
  loggers: [{ name: 'pino', instrumentation: 'before' }],
  warnings: [],
};
const withBurst = (changes: Partial<Burst>): Partial<Evidence> => ({ bursts: [{ ...burst, ...changes }] });
const withStats = (changes: Partial<Burst['stats']>) => withBurst({ stats: { ...stats, ...changes } });
/** No record has arrived. */
const idle = { ...stats, held: 0, live: 0, released: 0, bursts: 0, delivered: 0 };
/** Records of one request evict those of another. */
const crowded = withStats({ evicted: { capacity: 3 } });
const copy = (name: string, version: string) => ({ name, version, folder: `/app/${version}` });

async function causesOf(changes: Partial<Evidence>): Promise<string[]> {
  return (await diagnose({ ...sound, ...changes })).map(({ cause }) => cause);
}

describe('the causes of', () => {
  test.each<[string, Partial<Evidence>, readonly string[]]>([
    ['a sound process', {}, []],
    ['a process without a burst', { bursts: [] }, ['no-burst']],
    [
      'OTEL_SDK_DISABLED',
      { bursts: [], environment: { OTEL_SDK_DISABLED: 'true' } },
      ['turned-off', 'no-burst'],
    ],
    ['no exporter', { environment: { BURSTLOG_EXPORTER: 'None' } }, ['turned-off']],
    [
      'variables that a declarative configuration replaces',
      {
        isStarted: true,
        environment: { OTEL_CONFIG_FILE: 'a.yaml', OTEL_LOGS_EXPORTER: 'none', OTEL_SDK_DISABLED: 'true' },
      },
      [],
    ],
    ['none in a list', { environment: { OTEL_LOGS_EXPORTER: 'console, none' } }, ['turned-off']],
    [
      'a variable that another one overrides',
      { environment: { BURSTLOG_EXPORTER: 'stdout', OTEL_LOGS_EXPORTER: 'none' } },
      [],
    ],
    ['pino through burstlog/pino', { loggers: [{ name: 'pino', instrumentation: 'hook' }] }, []],
    ['a burst that is not registered', withBurst({ place: 'elsewhere' }), ['two-providers']],
    ['another provider', withBurst({ place: 'elsewhere' }), ['two-providers']],
    [
      'no provider',
      { ...withBurst({ place: 'elsewhere', stats: idle }), provider: undefined },
      ['two-providers', 'no-records'],
    ],
    [
      'a provider that is not registered, and used',
      { ...withBurst({ place: 'elsewhere' }), provider: undefined },
      [],
    ],
    ['one of two bursts registered', { bursts: [burst, { ...burst, place: 'elsewhere' }] }, []],
    ['a place that cannot be seen', withBurst({ place: 'unknown' }), []],
    [
      'an exporter beside',
      { provider: { ...provider, processors: ['BurstLogRecordProcessor', 'BatchLogRecordProcessor'] } },
      ['exported-beside'],
    ],
    ['minimumSeverity', { provider: { ...provider, refuses: 'all' } }, ['minimum-severity']],
    ['traceBased', { provider: { ...provider, refuses: 'unsampled' } }, ['trace-based']],
    [
      'an own level INFO',
      { ...withBurst({ level: Severity.INFO }), provider: { ...provider, refuses: 'all' } },
      ['nothing-is-quiet'],
    ],
    [
      'a logger that was first',
      { loggers: [{ name: 'winston', instrumentation: 'after' }] },
      ['import-order'],
    ],
    [
      'two versions of the API',
      { copies: [copy('@opentelemetry/api', '1.9.0'), copy('@opentelemetry/api', '1.10.0')] },
      ['two-copies'],
    ],
    [
      'one version twice',
      {
        copies: [
          copy('@opentelemetry/api', '1.9.0'),
          { ...copy('@opentelemetry/api', '1.9.0'), folder: '/b' },
        ],
      },
      [],
    ],
    [
      'an SDK that is too old',
      { copies: [copy('@opentelemetry/sdk-logs', '0.202.0')] },
      ['unsupported-version'],
    ],
    [
      'an SDK that is too new',
      { copies: [copy('@opentelemetry/sdk-logs', '0.224.0')] },
      ['unsupported-version'],
    ],
    ['the newer line', { copies: [copy('@opentelemetry/sdk-logs', '3.1.0-rc.1')] }, []],
    [
      'two versions, one of them from the doctor',
      { bursts: [], copies: [copy('@opentelemetry/api', '1.9.0'), copy('@opentelemetry/api', '1.10.0')] },
      ['no-burst'],
    ],
    ['an unknown version', { copies: [copy('@opentelemetry/sdk-logs', 'unknown')] }, []],
    [
      'no context manager',
      { ...crowded, hasContextManager: false, hasTracerProvider: false },
      ['no-context-manager', 'evicted-capacity'],
    ],
    ['no tracer provider', { ...crowded, hasTracerProvider: false }, ['no-traces', 'evicted-capacity']],
    ['no tracer provider, and nothing pushed out', { hasTracerProvider: false }, []],
    [
      'no tracer provider in the scope of tasks',
      {
        ...withBurst({ scope: 'task', stats: { ...stats, evicted: { capacity: 3 } } }),
        hasTracerProvider: false,
      },
      ['evicted-capacity'],
    ],
    ['neither, in a program of one request', { hasContextManager: false, hasTracerProvider: false }, []],
    [
      'scope global without either',
      { ...withBurst({ scope: 'global', stats: idle }), hasContextManager: false, hasTracerProvider: false },
      ['no-records'],
    ],
    ['no record', withBurst({ stats: idle }), ['no-records']],
    ['loud records only', withStats({ held: 0, released: 0, bursts: 0 }), ['logger-level']],
    ['no trigger', withStats({ released: 0, bursts: 0 }), ['no-trigger']],
    [
      'evictions',
      withStats({ evicted: { capacity: 3, limit: 1, shutdown: 5 } }),
      ['evicted-capacity', 'evicted-limit'],
    ],
    ['failed exports', withStats({ failed: { export: 3 } }), ['not-delivered']],
    ['exports that are not done', withStats({ pending: 3 }), ['not-delivered']],
  ])('%s', async (_name, changes, expected) => {
    expect(await causesOf(changes)).toEqual(expected);
  });
});

test('an endpoint that does not answer is named, one that does is not', async () => {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
  expect(await causesOf({ environment })).toEqual([]);
  await new Promise((resolve) => server.close(resolve));
  expect(await causesOf({ environment })).toEqual(['unreachable']);
  expect(await causesOf({ environment: { ...environment, BURSTLOG_EXPORTER: 'stdout' } })).toEqual([]);
  const file = { ...environment, OTEL_CONFIG_FILE: 'shop.yaml' };
  expect(await causesOf({ environment: file, isStarted: true })).toEqual([]);
  const zmq = { BURSTLOG_EXPORTER: 'zmq', BURSTLOG_ENDPOINT: `tcp://127.0.0.1:${port}` };
  expect(await causesOf({ environment: zmq })).toEqual(['unreachable']);
});

test('the doctor reads from the variables where records go as start() does', async () => {
  const names = ['otlp', 'stdout', 'none', 'console', 'wrong', ''];
  const spelled = fc.constantFrom(
    ...names,
    ...names.map((name) => ` ${name.toUpperCase()} `),
    'None',
    'otlp ',
  );
  const listed = fc.array(spelled, { maxLength: 3 }).map((some) => some.join(','));
  class OTLPLogExporter {}
  const packages = new Packages(undefined, () => {});
  jest.spyOn(packages, 'find').mockReturnValue('found');
  jest.spyOn(packages, 'load').mockReturnValue({ OTLPLogExporter } as never);
  fc.assert(
    fc.property(fc.option(spelled, { nil: '' }), listed, (own, list) => {
      const environment = { BURSTLOG_EXPORTER: own, OTEL_LOGS_EXPORTER: list };
      const given = readEnvironment(settings, environment, () => {});
      const made = logExporters(
        resolve(settings, 'start', given),
        new OtelEnvironment(environment, () => {}),
        packages,
      );
      const { names } = exportersIn(environment);
      const isOff = names.includes('none');
      expect(made.map((each) => each instanceof OTLPLogExporter)).toEqual(
        isOff ? [] : [...new Set(names)].map((name) => name === 'otlp'),
      );
    }),
    { numRuns: 300 },
  );
  // The exporters load their modules.
  await nextTurn();
});

test('the report says for each cause what was seen, why it matters and what to do', async () => {
  const evidence = {
    ...sound,
    ...withStats({ held: 0, released: 0, bursts: 0 }),
    warnings: ['burstlog: not well'],
  };
  expect(reportOf(evidence, await diagnose(evidence))).toEqual([
    'distlog doctor: process 42, /app/app.js',
    '  BurstLogRecordProcessor: 0 held, 0 bursts, 0 released, 2 exported at once, 7 delivered',
    '',
    '1. logger-level: 2 records arrived, none of them below INFO',
    '   why: a logger with level INFO creates no DEBUG records, so there is nothing to hold',
    "   do:  pino: pino(withBurstlog({ level: 'info' })), of burstlog/pino",
    '',
    'warnings of burstlog:',
    '  burstlog: not well',
  ]);
});

test('of several processes the one with the burst matters, not npm', () => {
  const npm = { ...sound, pid: 1, bursts: [], loggers: [], copies: [] };
  expect(mainProcess([sound, npm])?.pid).toBe(42);
  expect(mainProcess([npm, sound])?.pid).toBe(42);
  expect(mainProcess([])).toBeUndefined();
  // A tool that loads loggers, and no burst, beside an application that has nothing but a burst.
  const tool = { ...npm, loggers: Array.from({ length: 3 }, () => sound.loggers[0]!) };
  const bare = { ...sound, loggers: [], copies: [] };
  expect([mainProcess([bare, tool])?.pid, mainProcess([tool, npm])?.loggers]).toEqual([42, tool.loggers]);
});

test('docs/troubleshooting.md explains every cause', () => {
  const page = readFileSync(join(__dirname, '../../docs/troubleshooting.md'), 'utf8');
  const cells = [...page.matchAll(/^\| (`[^|]+`) \|/gm)].map(([, cell = '']) => cell);
  const explained = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, cause]) => cause));
  const folder = join(__dirname, '../../src/doctor');
  const source = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const named = [...source.matchAll(/cause: (?:isAll \? )?'([\w-]+)'(?: : '([\w-]+)')?/g)].flatMap((match) =>
    match.slice(1),
  );
  const evictions = ['capacity', 'bytes', 'age', 'idle', 'limit', 'size'].map((cause) => `evicted-${cause}`);
  const causes = [...named.filter((cause) => cause !== undefined), ...evictions];
  expect(causes.length).toBeGreaterThan(18);
  expect([...new Set(explained)].sort()).toEqual([...new Set(causes)].sort());
});
