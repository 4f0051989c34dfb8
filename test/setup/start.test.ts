import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { globalLoggerProvider, nextTurn, Severity } from '../../src/record/index.ts';
import { activeBurstlog, start } from '../../src/setup/index.ts';
import { LazyExporter } from '../../src/setup/lazy-exporter.ts';
import { Packages } from '../../src/setup/packages.ts';
import { runningLoggerProvider, runningTracerProvider } from '../../src/setup/running-providers.ts';
import { RecordingExporter } from '../support/exporters.ts';
import { diagMessages } from './support/diag-messages.ts';
import { program, runNode } from './support/run-app.ts';

const environment = { OTEL_TRACES_EXPORTER: 'none', OTEL_NODE_RESOURCE_DETECTORS: 'env' };
const messages = diagMessages();
afterEach(() => activeBurstlog()?.shutdown());

test('it registers providers, context and propagators, and shutdown() unregisters all of them', async () => {
  const burstlog = start({ exporter: new RecordingExporter(), instrumentations: false, environment });
  const carrier: Record<string, string> = {};
  trace.getTracer('shop').startActiveSpan('pay', (span) => {
    expect(trace.getSpan(context.active())).toBe(span);
    propagation.inject(context.active(), carrier);
    span.end();
  });
  expect(carrier.traceparent).toMatch(/^00-[\da-f]{32}-/);
  expect(activeBurstlog()).toBe(burstlog);
  await burstlog.shutdown();
  expect([activeBurstlog(), runningLoggerProvider(), runningTracerProvider()]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(context.with(ROOT_CONTEXT.setValue(Symbol('x'), 1), () => context.active())).toBe(ROOT_CONTEXT);
});

test('what it started can be started again, burst manually, discarded and counted', async () => {
  const exporter = new RecordingExporter();
  const burstlog = start({ exporter, scope: 'global', instrumentations: false, environment });
  const debug = (body: string) =>
    globalLoggerProvider()?.getLogger('shop').emit({ severityNumber: Severity.DEBUG, body });
  debug('unwanted');
  expect(burstlog.discard({ keys: 'all' })).toBe(1);
  debug('wanted');
  expect(burstlog.burst({ keys: 'all', reason: 'asked' })).toMatchObject({ released: 1 });
  await burstlog.forceFlush();
  expect(exporter.bodies).toEqual(['wanted', 'burst released 1 record (manual), 0 lost']);
  expect(burstlog.stats()).toMatchObject({ held: 2, discarded: 1, released: 1 });
});

test('shutdown() unregisters everything although an instrumentation of the application throws', async () => {
  let enabled = 0;
  const methods = { getConfig: () => ({}), setTracerProvider() {}, setMeterProvider() {} };
  const enable = () => {
    enabled += 1;
  };
  const sound = { ...methods, enable, instrumentationName: 'sound', disable() {} };
  const failing = {
    ...sound,
    instrumentationName: 'failing',
    disable() {
      throw new Error('cannot');
    },
  };
  const listeners = process.listenerCount('SIGUSR2');
  const instrumentations = [{ instrumentationName: 'broken' }, failing, sound];
  const burstlog = start({ exporter: new RecordingExporter(), instrumentations, environment });
  expect(enabled).toBeGreaterThan(0);
  await burstlog.shutdown();
  expect([activeBurstlog(), runningLoggerProvider(), runningTracerProvider()]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(process.listenerCount('SIGUSR2')).toBe(listeners);
  expect(messages()).toContainEqual(expect.stringMatching(/^burstlog: broken cannot be used: TypeError/));
  expect(messages()).toContain('burstlog: a registration could not be removed: Error: cannot');
});

test.each([
  ['cannot be made', Promise.reject(new Error('not installed'))],
  [
    'throws',
    Promise.resolve({
      export() {
        throw new Error('not installed');
      },
      shutdown: async () => {},
    }),
  ],
])('records for an exporter that %s have failed, and nothing is thrown', async (_what, made) => {
  const results: unknown[] = [];
  new LazyExporter(made).export([], (result) => results.push(result));
  await nextTurn();
  expect(results).toEqual([{ code: 1, error: new Error('not installed') }]);
});

test('a second start() has no effect, and is reported', () => {
  const options = { exporter: new RecordingExporter(), instrumentations: false, environment };
  const first = start(options);
  expect(start(options)).toBe(first);
  expect(messages()).toContainEqual(expect.stringContaining('burstlog is already started'));
});

test('a wrong option is an error at once', () => {
  expect(() => start({ emitLevel: 'LOUD' as 'INFO', environment })).toThrow(
    'emitLevel must be "TRACE", "DEBUG", "INFO", "WARN", "ERROR" or "FATAL", got "LOUD"',
  );
});

test('OTEL_SDK_DISABLED starts nothing', () => {
  const burstlog = start({ environment: { OTEL_SDK_DISABLED: 'true' } });
  expect([burstlog.stats(), runningLoggerProvider(), activeBurstlog()]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('a wrong OTEL_LOG_LEVEL is reported, with the known ones', () => {
  start({ environment: { OTEL_SDK_DISABLED: 'true', OTEL_LOG_LEVEL: ' loud' } });
  start({ environment: { OTEL_SDK_DISABLED: 'true', OTEL_LOG_LEVEL: 'Debug ' } });
  expect(messages()).toEqual([
    'burstlog: OTEL_LOG_LEVEL must be NONE, ERROR, WARN, INFO, DEBUG, VERBOSE or ALL, got "loud"; it is ignored',
  ]);
});

test('one message names all that is not installed, what follows, and the command that installs it', () => {
  const packages = new Packages(undefined, () => {});
  expect(packages.need('@opentelemetry/no-such-a', 'no traces')).toBeUndefined();
  expect(packages.need('@opentelemetry/api', 'nothing')).toBeDefined();
  expect(packages.need('no-such-b', 'no logs')).toBeUndefined();
  expect(packages.missing()).toBe(
    'not installed: @opentelemetry/no-such-a (no traces), no-such-b (no logs); to install: npm i @opentelemetry/no-such-a no-such-b',
  );
});

test('a registration that OpenTelemetry refuses is reported with the remedy, and the application runs', async () => {
  const { code, stderr } = await runNode(
    ['--require', program('other-api.cjs'), '--import', 'burstlog/register', program('shop.cjs')],
    { BURSTLOG_EXPORTER: 'stdout' },
  );
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /the registration of the TracerProvider was refused because another copy of @opentelemetry\/api \(1\.0\.0\) registered first: load burstlog before/,
  );
});

test('a logger that was loaded before is named', async () => {
  const { code, stderr } = await runNode(['--eval', "require('pino'); require('burstlog/setup').start()"], {
    BURSTLOG_EXPORTER: 'none',
    OTEL_TRACES_EXPORTER: 'none',
  });
  expect(code).toBe(0);
  expect(stderr).toContain(
    'pino was loaded before burstlog, so its records are not seen: load burstlog first',
  );
});

test('pino is not reported if burstlog/pino hands its records on, in any order of loading', async () => {
  const application = `
    const pino = require('pino');
    require('burstlog/setup').start();
    pino(require('burstlog/pino').withBurstlog()).info('paid');`;
  const { stdout, stderr } = await runNode(['--eval', application], { BURSTLOG_EXPORTER: 'stdout' });
  expect(stderr).not.toContain('burstlog:');
  expect(stdout.match(/"paid"/g)).toHaveLength(2);
});

test('copies of the package for ES modules and for CommonJS see the same set-up; nothing native is loaded', async () => {
  const show = `
    const { activeBurstlog } = require('burstlog/setup');
    const native = Object.keys(require.cache).filter((path) => path.endsWith('.node'));
    console.log(typeof activeBurstlog().stats().held, native.length);`;
  const { stdout } = await runNode(['--import', 'burstlog/register', '--eval', show], {
    BURSTLOG_EXPORTER: 'stdout',
  });
  expect(stdout).toMatch(/^number 0$/m);
});
