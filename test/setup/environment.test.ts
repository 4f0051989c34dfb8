import { join } from 'node:path';
import { resolve } from '../../src/settings/index.ts';
import { readEnvironment, variableOf } from '../../src/setup/environment.ts';
import type { StartOptions } from '../../src/setup/options.ts';
import { OtelEnvironment } from '../../src/setup/otel-environment.ts';
import { otlpExporter } from '../../src/setup/otlp-exporters.ts';
import { Packages } from '../../src/setup/packages.ts';
import { makeResource, serviceNameOf } from '../../src/setup/resource.ts';
import { defaultSampler, samplerOf } from '../../src/setup/sampler.ts';
import { settings } from '../../src/setup/settings.ts';
import { asOne } from '../../src/setup/several-processors.ts';
import { logRecordLimits, spanLimits, traceSdk } from '../../src/setup/trace-sdk.ts';

function read(environment: Readonly<Record<string, string>>) {
  const messages: string[] = [];
  return { given: readEnvironment(settings, environment, (message) => messages.push(message)), messages };
}

test('an option in camel case is a variable in upper case, a duration without its unit', () => {
  expect(variableOf('emitLevel')).toBe('BURSTLOG_EMIT_LEVEL');
  expect(variableOf('slowerThanMillis')).toBe('BURSTLOG_SLOWER_THAN');
});

test('the names of the settings are options of start()', () => {
  const names: readonly (keyof StartOptions)[] = Object.keys(
    settings.fields,
  ) as (keyof typeof settings.fields)[];
  expect(names.length).toBeGreaterThan(10);
});

test('values are read in any case, with their units, and empty ones count as not set', () => {
  expect(
    read({
      BURSTLOG_EMIT_LEVEL: 'warn',
      BURSTLOG_SLOWER_THAN: '1.5s',
      BURSTLOG_CAPACITY: '20',
      BURSTLOG_INSTRUMENTATIONS: 'False',
      BURSTLOG_EXPORTER: '',
      OTHER: 'x',
    }),
  ).toEqual({
    given: { emitLevel: 'WARN', slowerThanMillis: 1_500, capacity: 20, instrumentations: false },
    messages: [],
  });
});

test.each([
  ['BURSTLOG_CAPACITY', '0', 'must be a whole number from 1, got "0"; it is ignored'],
  ['BURSTLOG_CAPACITY', 'many', 'must be a whole number from 1, got "many"; it is ignored'],
  ['BURSTLOG_SLOWER_THAN', '2', 'must be a duration such as 500ms or 2s, got "2"; it is ignored'],
  ['BURSTLOG_INSTRUMENTATIONS', 'yes', 'must be true or false, got "yes"; it is ignored'],
  ['BURSTLOG_ENDPOINT', 'here', 'must be a URL such as tcp://127.0.0.1:5011, got "here"; it is ignored'],
  ['BURSTLOG_ENDPIONT', 'tcp://a:1', 'is not known; did you mean BURSTLOG_ENDPOINT?'],
])('%s=%s is reported and ignored', (name, value, message) => {
  expect(read({ [name]: value })).toEqual({ given: {}, messages: [`${name} ${message}`] });
});

test.each([
  { OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop%20two,a=b' },
  { OTEL_RESOURCE_ATTRIBUTES: ' a = b , service.name = shop ' },
  { OTEL_RESOURCE_ATTRIBUTES: 'service.name=one,service.name=two' },
  { OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop,bad=%zz' },
  { OTEL_RESOURCE_ATTRIBUTES: 'my.service.name=shop' },
  { OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop', OTEL_SERVICE_NAME: 'other' },
  { OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop', OTEL_SERVICE_NAME: ' ' },
])('the black box names the service as the resource does: %j', (variables) => {
  const environment = new OtelEnvironment(variables, () => {});
  const folder = join(__dirname, '../..');
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    const resource = makeResource(environment, new Packages(__filename, () => {}), {}, folder);
    expect(serviceNameOf(environment, folder)).toBe(resource?.attributes['service.name']);
  } finally {
    process.env = before;
  }
});

test('levels that contradict each other are an error in code', () => {
  expect(() => resolve(settings, 'start', { emitLevel: 'ERROR', burstLevel: 'WARN' })).toThrow(
    'burstLevel must not be below emitLevel (ERROR)',
  );
});

describe('the variables of the specification', () => {
  const messages: string[] = [];
  const environment = new OtelEnvironment(
    { LIST: 'a, b,a ,c', EMPTY: ' ', NUMBER: '0.5', WRONG: 'x', YES: 'TRUE' },
    (message) => messages.push(message),
  );
  beforeEach(() => messages.splice(0));

  test('a list has each value once; those that are not known are reported', () => {
    expect(environment.choices('LIST', ['a', 'b'])).toEqual(['a', 'b']);
    expect(messages).toEqual(['LIST must be a list of a or b, got "c"; it is ignored']);
  });

  test('an empty variable is not set, and the first one that is set holds', () => {
    expect(environment.text('EMPTY', 'NONE', 'NUMBER')).toBe('0.5');
    expect(environment.list('EMPTY')).toBeUndefined();
  });

  test('a delay and a limit may be 0, a size may not', () => {
    const variables = { DELAY: '0', SIZE: '0', HALF: '1.5', LESS: '-1' };
    const zero = new OtelEnvironment(variables, (message) => messages.push(message));
    expect([zero.count(0, 'DELAY'), zero.count(1, 'SIZE'), zero.count(0, 'HALF')]).toEqual([0, undefined, 1]);
    expect(zero.count(0, 'LESS')).toBeUndefined();
    expect(messages).toEqual([
      'SIZE must be a number from 1, got "0"; it is ignored',
      'LESS must be a number from 0, got "-1"; it is ignored',
    ]);
  });

  test('numbers have bounds, and only true is true', () => {
    expect(environment.number(0, 1, 'NUMBER')).toBe(0.5);
    expect(environment.number(0, 1, 'WRONG')).toBeUndefined();
    expect([environment.isTrue('YES'), environment.isTrue('WRONG')]).toEqual([true, false]);
    expect(messages).toEqual([
      'WRONG must be a number from 0 to 1, got "x"; it is ignored',
      'WRONG must be true or false, got "x"; it is false',
    ]);
  });
});

describe('what the variables make', () => {
  const reading = (variables: Readonly<Record<string, string>>) => {
    const messages: string[] = [];
    return { messages, environment: new OtelEnvironment(variables, (message) => messages.push(message)) };
  };
  const samplers = traceSdk(reading({}).environment, new Packages(__filename, () => {}))!.samplers;

  test.each([
    ['always_on', '0.1', 'AlwaysOnSampler'],
    ['always_off', '', 'AlwaysOffSampler'],
    ['traceidratio', '0.25', 'TraceIdRatioBased{0.25}'],
    ['traceidratio', '', 'TraceIdRatioBased{1}'],
    ['traceidratio', '0', 'TraceIdRatioBased{0}'],
    ['parentbased_always_on', '', 'ParentBased{root=AlwaysOnSampler,'],
    ['parentbased_always_off', '', 'ParentBased{root=AlwaysOffSampler,'],
    ['parentbased_traceidratio', '1', 'ParentBased{root=TraceIdRatioBased{1},'],
  ])('OTEL_TRACES_SAMPLER=%s with %j', (name, argument, expected) => {
    const variables = { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: argument };
    const { environment, messages } = reading(variables);
    expect(String(samplerOf(environment, samplers))).toContain(expected);
    expect(messages).toEqual([]);
  });

  test('a ratio that is none samples everything, an unknown sampler is the default; both are reported', () => {
    const wrong = reading({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1.5' });
    expect(String(samplerOf(wrong.environment, samplers))).toContain('{1}');
    const unknown = reading({ OTEL_TRACES_SAMPLER: 'sometimes' });
    expect(samplerOf(unknown.environment, samplers)).toBeUndefined();
    expect([...wrong.messages, ...unknown.messages]).toEqual([
      'OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, got "1.5"; it is ignored',
      expect.stringMatching(/^OTEL_TRACES_SAMPLER must be always_on, .*, got "sometimes"; it is ignored$/),
    ]);
    expect(String(defaultSampler(samplers))).toContain('ParentBased{root=AlwaysOnSampler,');
  });

  test('limits: the own variable goes before the common one', () => {
    const { environment, messages } = reading({
      OTEL_ATTRIBUTE_COUNT_LIMIT: '7',
      OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: '0',
      OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '99',
      OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '5',
      OTEL_SPAN_EVENT_COUNT_LIMIT: 'x',
      OTEL_SPAN_LINK_COUNT_LIMIT: '3',
    });
    expect(logRecordLimits(environment)).toEqual({ attributeCountLimit: 0, attributeValueLengthLimit: 99 });
    expect(spanLimits(environment)).toEqual({
      ...{ attributeCountLimit: 7, attributeValueLengthLimit: 5, linkCountLimit: 3 },
    });
    expect(messages).toEqual(['OTEL_SPAN_EVENT_COUNT_LIMIT must be a number from 0, got "x"; it is ignored']);
  });

  /** What the exporters of a signal are made with, if these packages are installed. */
  const exporterOf = (
    variables: Readonly<Record<string, string>>,
    installed: readonly string[],
    endpoint?: string,
  ) => {
    const made: [name: string, url: string | undefined][] = [];
    const packages = new Packages(undefined, () => {});
    const has = (name: string) => installed.some((suffix) => name.endsWith(`-otlp-${suffix}`));
    jest.spyOn(packages, 'find').mockImplementation((name) => (has(name) ? name : undefined));
    jest.spyOn(packages, 'load').mockImplementation((name) => {
      class OTLPLogExporter {
        constructor(options?: { url: string }) {
          made.push([name.slice('@opentelemetry/exporter-'.length), options?.url]);
        }
      }
      return has(name) ? ({ OTLPLogExporter } as never) : undefined;
    });
    const { environment, messages } = reading(variables);
    otlpExporter('logs', environment, packages, 'nothing arrives', endpoint);
    return { made, messages, missing: packages.missing() };
  };

  test.each<[object, readonly string[], string | undefined, [string, string | undefined]]>([
    [{}, ['grpc', 'http', 'proto'], undefined, ['logs-otlp-proto', undefined]],
    [{}, ['grpc'], 'http://a:4317', ['logs-otlp-grpc', 'http://a:4317']],
    [{}, ['http'], 'http://a:4318', ['logs-otlp-http', 'http://a:4318/v1/logs']],
    [{}, ['proto'], 'https://a/otlp/v1/logs?x=1', ['logs-otlp-proto', 'https://a/otlp/v1/logs?x=1']],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, ['grpc', 'proto'], undefined, ['logs-otlp-grpc', undefined]],
    [
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json' },
      ['grpc', 'http'],
      undefined,
      ['logs-otlp-http', undefined],
    ],
  ])('%j with %j installed exports to %p by %j', (variables, installed, endpoint, expected) => {
    expect(exporterOf({ ...variables }, installed, endpoint)).toEqual({
      ...{ made: [expected], messages: [], missing: undefined },
    });
  });

  test('what is missing is the package of the protocol, a wrong protocol is reported', () => {
    const chosen = exporterOf({ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, ['proto']);
    expect(chosen).toMatchObject({
      made: [],
      missing: expect.stringContaining('exporter-logs-otlp-http (nothing'),
    });
    expect(exporterOf({}, []).missing).toContain('npm i @opentelemetry/exporter-logs-otlp-proto');
    expect(exporterOf({ OTEL_EXPORTER_OTLP_PROTOCOL: 'http' }, ['proto'])).toMatchObject({
      made: [['logs-otlp-proto', undefined]],
      messages: [
        expect.stringContaining('must be http/protobuf, http/json or grpc, got "http"; it is ignored'),
      ],
    });
  });

  test('of several processors each is called and awaited, whichever fails; the first error is reported', async () => {
    const calls: string[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const failing = (name: string) => ({
      onEmit() {
        calls.push(`${name} record`);
        throw new Error(`${name} failed`);
      },
      forceFlush(): Promise<void> {
        throw new Error(`${name} failed`);
      },
      shutdown: () => Promise.reject(new Error(`${name} failed`)),
    });
    const slow = {
      onEmit: () => void calls.push('slow record'),
      forceFlush: () => held.then(() => void calls.push('slow flush')),
      shutdown: () => held.then(() => void calls.push('slow shutdown')),
    };
    const several = asOne([failing('one'), slow, failing('two')]);
    expect(() => several.onEmit({} as never)).toThrow('one failed');
    const ends = Promise.allSettled([several.forceFlush(), several.shutdown()]);
    release();
    expect(await ends).toMatchObject([{ reason: Error('one failed') }, { reason: Error('one failed') }]);
    expect(calls).toEqual(['one record', 'slow record', 'two record', 'slow flush', 'slow shutdown']);
    expect(asOne([slow])).toBe(slow);
  });
});
