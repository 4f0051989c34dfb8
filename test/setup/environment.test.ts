import { join } from 'node:path';
import { resolve } from '../../src/settings/index.ts';
import { readEnvironment, variableOf } from '../../src/setup/environment.ts';
import type { StartOptions } from '../../src/setup/options.ts';
import { OtelEnvironment } from '../../src/setup/otel-environment.ts';
import { Packages } from '../../src/setup/packages.ts';
import { makeResource, serviceNameOf } from '../../src/setup/resource.ts';
import { settings } from '../../src/setup/settings.ts';

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
  ['BURSTLOG_ENDPOINT', 'here', 'must be an URL such as tcp://127.0.0.1:5011, got "here"; it is ignored'],
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
  { OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop,novalue' },
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
