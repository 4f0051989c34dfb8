import { DiagLogLevel, diag, propagation, trace } from '@opentelemetry/api';
import { setUpDiagnostics } from '../../src/setup/diagnostics.ts';
import { OtelEnvironment } from '../../src/setup/otel-environment.ts';
import { registerPropagator } from '../../src/setup/propagator.ts';
import { refusal } from '../../src/setup/registered-api.ts';
import { releaseOnSignal } from '../../src/setup/release-signal.ts';
import {
  addSpanProcessor,
  replaceLogProcessors,
  runningLoggerProvider,
  runningTracerProvider,
} from '../../src/setup/running-providers.ts';
import { alwaysRecord } from '../../src/setup/sampler.ts';
import { installedPackages } from './support/installed-packages.ts';

const API_KEY = Symbol.for('opentelemetry.js.api.1');
const place = globalThis as { [API_KEY]?: object };

describe('messages of the set-up', () => {
  let written: string[];
  let spy: jest.SpyInstance;
  beforeEach(() => {
    written = [];
    spy = jest.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  });
  afterEach(() => {
    diag.disable();
    spy.mockRestore();
  });

  test('without a logger of the application they go to the standard error, and so do those of OpenTelemetry', () => {
    setUpDiagnostics({})('not well');
    diag.error('an exporter failed', new Error('refused'), { code: 7 });
    diag.info('not shown');
    expect(written).toEqual([
      '[otel warn] burstlog: not well\n',
      expect.stringMatching(/^\[otel error\] an exporter failed Error: refused.*\n$/s),
    ]);
  });

  test.each([
    ['debug', ['warn', 'info', 'debug']],
    [' INFO ', ['warn', 'info']],
    ['ALL', ['warn', 'info', 'debug', 'verbose']],
    ['ERROR', []],
    ['none', []],
    ['', ['warn']],
  ])('OTEL_LOG_LEVEL=%s shows %j', (level, expected) => {
    const report = setUpDiagnostics({ OTEL_LOG_LEVEL: level });
    // The API says that it has a logger now.
    written.length = 0;
    report('a warning');
    diag.info('i');
    diag.debug('d');
    diag.verbose('v');
    expect(written.map((text) => /^\[otel (\w+)\]/.exec(text)?.[1])).toEqual(expected);
  });

  test('a logger of the application stays, and one that throws keeps nothing from starting', () => {
    const messages: string[] = [];
    const keep = (message: string) => void messages.push(message);
    const logger = { error: keep, warn: keep, info: keep, debug: keep, verbose: keep };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    setUpDiagnostics({ OTEL_LOG_LEVEL: 'ALL' })('not well');
    diag.info('not shown');
    expect([messages, written]).toEqual([['burstlog: not well'], []]);

    logger.warn = () => {
      throw new Error('cannot');
    };
    diag.setLogger({ ...logger }, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    expect(() => setUpDiagnostics({})('not well')).not.toThrow();
  });

  test('a watcher hears every message, whatever its level', () => {
    const heard: string[] = [];
    const KEY = Symbol.for('burstlog.watcher');
    const watched = globalThis as { [KEY]?: object };
    watched[KEY] = { warning: (text: string) => void heard.push(text) };
    try {
      setUpDiagnostics({ OTEL_LOG_LEVEL: 'none' })('not well');
    } finally {
      delete watched[KEY];
    }
    expect([heard, written]).toEqual([['burstlog: not well'], []]);
  });
});

describe('propagators', () => {
  class Propagator {
    readonly made: unknown;
    constructor(made?: unknown) {
      this.made = made;
    }
    inject() {}
    extract() {}
    fields() {
      return [];
    }
  }
  class Trace extends Propagator {}
  class Baggage extends Propagator {}
  class B3 extends Propagator {}
  class Jaeger extends Propagator {}
  class Composite extends Propagator {}
  const core = {
    '@opentelemetry/core': {
      W3CTraceContextPropagator: Trace,
      W3CBaggagePropagator: Baggage,
      CompositePropagator: Composite,
    },
  };
  const more = {
    '@opentelemetry/propagator-b3': { B3Propagator: B3 },
    '@opentelemetry/propagator-jaeger': { JaegerPropagator: Jaeger },
  };
  afterEach(() => {
    propagation.disable();
    jest.restoreAllMocks();
  });

  const registered = (
    variables: Readonly<Record<string, string>>,
    installed: Readonly<Record<string, object>>,
  ) => {
    const { packages, messages, report } = installedPackages(installed);
    const set = jest.spyOn(propagation, 'setGlobalPropagator');
    set.mockClear();
    const undo = registerPropagator(new OtelEnvironment(variables, report), packages);
    const composite = set.mock.calls[0]?.[0] as unknown as
      | { made: { propagators: Propagator[] } }
      | undefined;
    const made = composite?.made.propagators.map((each) => [each.constructor.name, each.made]);
    return { undo, made, messages, missing: packages.missing() };
  };

  test.each<[string, unknown[]]>([
    [
      '',
      [
        ['Trace', undefined],
        ['Baggage', undefined],
      ],
    ],
    ['baggage', [['Baggage', undefined]]],
    [
      'b3,jaeger',
      [
        ['B3', undefined],
        ['Jaeger', undefined],
      ],
    ],
    [
      'b3multi,tracecontext',
      [
        ['B3', { injectEncoding: 1 }],
        ['Trace', undefined],
      ],
    ],
  ])('of OTEL_PROPAGATORS=%s are made', (text, expected) => {
    const { made, undo, messages } = registered({ OTEL_PROPAGATORS: text }, { ...core, ...more });
    expect([made, messages]).toEqual([expected, []]);
    expect(undo).toBeInstanceOf(Function);
  });

  test('one that is not installed is named, and the others are registered', () => {
    const { made, missing } = registered({ OTEL_PROPAGATORS: 'tracecontext,b3,jaeger' }, core);
    expect(made).toEqual([['Trace', undefined]]);
    expect(missing).toContain('@opentelemetry/propagator-b3 (OTEL_PROPAGATORS includes b3)');
    expect(missing).toContain('@opentelemetry/propagator-jaeger (OTEL_PROPAGATORS includes jaeger)');
  });

  test('none, without the package, or beside those of the application: nothing is registered', () => {
    expect(registered({ OTEL_PROPAGATORS: 'none,baggage' }, core).undo).toBeUndefined();
    expect(registered({}, {}).undo).toBeUndefined();
    propagation.setGlobalPropagator(new Trace() as never);
    expect(registered({}, core).undo).toBeUndefined();
  });
});

describe('what is registered already', () => {
  afterEach(() => {
    trace.disable();
  });

  test('nothing is nothing', () => {
    expect([runningLoggerProvider(), runningTracerProvider()]).toEqual([undefined, undefined]);
  });

  test('a TracerProvider is found behind the proxy of the API', () => {
    const provider = { getTracer: () => ({}) };
    trace.setGlobalTracerProvider(provider as never);
    expect(runningTracerProvider()).toBe(provider);
  });

  test('processors are put where the SDK keeps them, and nowhere else', () => {
    const inner = { onEmit() {} };
    const provider = { _sharedState: { activeProcessor: inner } };
    const outer = { onEmit() {} };
    const given: unknown[] = [];
    const replacement = (one: object) => {
      given.push(one);
      return outer as never;
    };
    expect(replaceLogProcessors(provider, replacement)).toBe(true);
    expect([given, provider._sharedState.activeProcessor]).toEqual([[inner], outer]);
    for (const other of [{}, { _sharedState: {} }, { _sharedState: { activeProcessor: {} } }]) {
      expect(replaceLogProcessors(other, replacement)).toBe(false);
    }

    const [first, own] = [{}, {}] as never[];
    const spans = { _activeSpanProcessor: { _spanProcessors: [first] } };
    expect(addSpanProcessor(spans, own!)).toBe(true);
    expect(spans._activeSpanProcessor._spanProcessors).toEqual([own, first]);
    for (const other of [{}, { _activeSpanProcessor: {} }]) expect(addSpanProcessor(other, own!)).toBe(false);
  });

  test('a refusal names the version that was first', () => {
    const before = place[API_KEY];
    place[API_KEY] = { version: '1.4.0' };
    expect(refusal('the LoggerProvider')).toMatch(
      /^the registration of the LoggerProvider was refused because another copy of @opentelemetry\/api \(1\.4\.0\) registered first: /,
    );
    delete place[API_KEY];
    expect(refusal('x')).toContain('@opentelemetry/api (of another version) registered first');
    if (before !== undefined) place[API_KEY] = before;
  });
});

test('a sampler that records what another one drops keeps all else that it says', () => {
  const given: unknown[] = [];
  const decisions = [0, 1, 2];
  const sampler = {
    shouldSample: (...parameters: unknown[]) => {
      given.push(parameters);
      return { decision: decisions.shift()!, traceState: 'kept' };
    },
    toString: () => 'Half',
  };
  const recording = alwaysRecord(sampler);
  expect([1, 2, 3].map((at) => recording.shouldSample('context', at))).toEqual([
    { decision: 1, traceState: 'kept' },
    { decision: 1, traceState: 'kept' },
    { decision: 2, traceState: 'kept' },
  ]);
  expect(given).toEqual([1, 2, 3].map((at) => ['context', at]));
  expect(String(recording)).toBe('AlwaysRecord{Half}');
});

(process.platform === 'win32' ? test.skip : test)(
  'a listener of the application takes the place of ours at a signal, whenever it comes',
  async () => {
    const before = process.listenerCount('SIGUSR2');
    const added = process.listenerCount('newListener');
    const stop = releaseOnSignal('SIGUSR2', () => {});
    expect(process.listenerCount('SIGUSR2')).toBe(before + 1);
    const own = () => {};
    process.on('SIGUSR2', own);
    await Promise.resolve();
    expect(process.listeners('SIGUSR2').at(-1)).toBe(own);
    expect([process.listenerCount('SIGUSR2'), process.listenerCount('newListener')]).toEqual([
      before + 1,
      added,
    ]);
    stop();
    // Ours is not registered in addition to the application's.
    releaseOnSignal('SIGUSR2', () => {});
    expect(process.listenerCount('SIGUSR2')).toBe(before + 1);
    process.off('SIGUSR2', own);
    expect(process.listenerCount('SIGUSR2')).toBe(before);
  },
);
