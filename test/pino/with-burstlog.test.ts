import { context, diag, trace } from '@opentelemetry/api';
import { InMemoryLogRecordExporter, LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import fc from 'fast-check';
import pino from 'pino';
import { BurstLogRecordProcessor } from '../../src/index.ts';
import { type PinoOptionsLike, type WithBurstlogOptions, withBurstlog } from '../../src/pino.ts';
import { replaceLoggerProvider } from '../../src/record/index.ts';
import { needs } from '../support/sdk-abilities.ts';

/** A provider that keeps its records. */
function recording() {
  const kept: ReadableLogRecord[] = [];
  const processor = {
    onEmit: (record: ReadableLogRecord) => void kept.push(record),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  return { kept, provider: new LoggerProvider({ processors: [processor] }) };
}

/** A pino logger, the lines that it writes, and the records of its calls. */
function pipeline(options: pino.LoggerOptions = {}, settings: WithBurstlogOptions = {}) {
  const { kept, provider: loggerProvider } = recording();
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  const logger = pino(withBurstlog(options, { loggerProvider, ...settings }), stream);
  const written = () => lines.map((line) => JSON.parse(line).msg);
  const records = () =>
    kept.map(({ body, attributes, severityNumber, severityText }) => {
      return { body, attributes, severityNumber, severityText };
    });
  return { logger, lines, written, records, kept };
}

test('quiet calls become records and are not written; loud calls are both', () => {
  const { logger, written, records } = pipeline({ level: 'info' });
  logger.trace('below both levels');
  logger.debug({ order: 25, paid: false }, 'looked up');
  logger.info('received');
  logger.error('failed');

  expect(written()).toEqual(['received', 'failed']);
  expect(records()).toEqual([
    {
      body: 'looked up',
      attributes: { order: 25, paid: false },
      severityNumber: 5,
      severityText: 'debug',
    },
    { body: 'received', attributes: {}, severityNumber: 9, severityText: 'info' },
    { body: 'failed', attributes: {}, severityNumber: 17, severityText: 'error' },
  ]);
});

test('with the level of the settings, trace becomes records too, and a lower level of pino stays', () => {
  const { logger, written, records } = pipeline({ level: 'warn' }, { level: 'trace' });
  logger.trace('held');
  logger.info('not written');
  expect(records().map(({ severityNumber }) => severityNumber)).toEqual([1, 9]);
  expect(written()).toEqual([]);
  const debugging = pipeline({ level: 'trace' });
  debugging.logger.trace('written, and a record');
  expect([debugging.written(), debugging.records().length]).toEqual([['written, and a record'], 1]);
  const silent = pipeline({ level: 'silent' });
  silent.logger.fatal('only a record');
  expect([silent.written(), silent.records().length]).toEqual([[], 1]);
});

/** Calls whose record must equal pino's own line. */
const calls: readonly (readonly [string, pino.LoggerOptions, (logger: pino.Logger) => void])[] = [
  ['a message', {}, (logger) => logger.info('plain')],
  ['a message with text and numbers', {}, (logger) => logger.info('%s has %d of %s', 'leo', 3, 'cards')],
  ['a number as text', {}, (logger) => logger.info('%s and %d', 12 as never, '13' as never)],
  ['a percent sign', {}, (logger) => logger.info('100%% of %s', 'it')],
  ['too few arguments', {}, (logger) => (logger.info as (...args: string[]) => void)('%s and %s', 'one')],
  ['too many arguments', {}, (logger) => (logger.info as (...args: unknown[]) => void)('one', 'more', 2)],
  ['an object in the message', {}, (logger) => logger.info('got %o', { a: [1] })],
  ['JSON in the message', {}, (logger) => logger.info('got %j and %s', { a: 1 }, 'x')],
  [
    'JSON of a text',
    {},
    (logger) => (logger.info as (...args: unknown[]) => void)('got %j and %i', 'x', '1.5'),
  ],
  ['a bigint', {}, (logger) => logger.info({ big: 10n }, 'x')],
  ['an object', {}, (logger) => logger.info({ a: 1, b: 'two', c: true, e: undefined })],
  ['an object and a message', {}, (logger) => logger.info({ a: 1 }, 'with %s', 'text')],
  ['nested data', {}, (logger) => logger.info({ user: { id: 1, tags: ['a', 'b'] }, at: new Date(0) }, 'x')],
  ['a function and a symbol', {}, (logger) => logger.info({ f() {}, s: Symbol('x'), a: 1 }, 'x')],
  ['an error', {}, (logger) => logger.info(new RangeError('too far'))],
  [
    'an error with a code and a cause',
    {},
    (logger) => {
      const error = Object.assign(new Error('no', { cause: new TypeError('why') }), { code: 'ENOENT' });
      logger.info({ err: error }, 'x');
    },
  ],
  ['what is called an error and is none', {}, (logger) => logger.info({ err: { code: 7 } }, 'x')],
  ['an error among the bindings', {}, (logger) => logger.child({ err: new Error('no') }).info('x')],
  ['a message among the bindings', {}, (logger) => logger.child({ msg: 'bound' }).info({ a: 1 })],
  ['an error and a message', {}, (logger) => logger.info(new RangeError('too far'), 'moved')],
  ['an error in the object', {}, (logger) => logger.info({ err: new RangeError('too far'), a: 1 }, 'moved')],
  ['an error under another key', { errorKey: 'error' }, (logger) => logger.info({ error: new Error('no') })],
  ['a message in the object', {}, (logger) => logger.info({ msg: 'inside', a: 1 })],
  ['another key of the message', { messageKey: 'message' }, (logger) => logger.info({ message: 'in', a: 1 })],
  ['nothing', {}, (logger) => logger.info(undefined as unknown as string)],
  ['null', {}, (logger) => logger.info(null, 'null and text')],
  ['a name and base', { name: 'shop', base: { region: 'eu' } }, (logger) => logger.info('x')],
  ['no base', { base: null }, (logger) => logger.info({ a: 1 }, 'x')],
  ['bindings of a child', {}, (logger) => logger.child({ req: { id: 7 }, a: 1 }).info({ a: 2 }, 'x')],
  ['bindings of its child', {}, (logger) => logger.child({ a: 1 }).child({ b: 2 }).info('x')],
  [
    'bindings that are set later',
    {},
    (logger) => {
      const child = logger.child({ a: 1 });
      child.info('before');
      child.setBindings({ b: 2 });
      child.info('after');
    },
  ],
  ['a prefix', { msgPrefix: '[a] ' }, (logger) => logger.child({}, { msgPrefix: '[b] ' }).info('x')],
  [
    'redaction',
    { redact: ['password', 'user.token'] },
    (logger) => logger.info({ password: 'p', user: { token: 't' } }),
  ],
  ['redaction of bindings', { redact: ['password'] }, (logger) => logger.child({ password: 'p' }).info('x')],
  ['redaction of a child', {}, (logger) => logger.child({}, { redact: ['a'] }).info({ a: 1, b: 2 }, 'x')],
  ['a serializer', { serializers: { a: (a) => `<${a}>` } }, (logger) => logger.info({ a: 1, b: 2 }, 'x')],
  [
    'a serializer of a child',
    {},
    (logger) => logger.child({}, { serializers: { a: () => 'A' } }).info({ a: 1 }),
  ],
  [
    'a formatter',
    { formatters: { log: (o) => ({ ...o, more: 1 }) } },
    (logger) => logger.info({ a: 1 }, 'x'),
  ],
  ['levels by label', { formatters: { level: (label) => ({ level: label }) } }, (logger) => logger.info('x')],
  ['a mixin', { mixin: () => ({ mixed: 'in' }) }, (logger) => logger.info({ a: 1 }, 'x')],
  ['a nested key', { nestedKey: 'payload' }, (logger) => logger.info({ a: 1 }, 'x')],
  ['keys with a meaning', {}, (logger) => logger.info({ time: 'noon', level: 'high', a: 1 }, 'x')],
  ['an event', {}, (logger) => logger.info({ 'otel.event.name': 'order.placed', a: 1 }, 'x')],
];

describe.each(calls)('%s', (_name, options, call) => {
  test('is the same in the record as in the line', () => {
    const { logger, lines, kept } = pipeline({ ...options, level: 'info' });
    call(logger);
    const records = kept.map(({ body, attributes, eventName }) => {
      return { body, attributes: JSON.parse(JSON.stringify(attributes)), eventName };
    });
    expect(records).toEqual(lines.map((line) => said(line, options)));
  });

  test('is the same when it is quiet', () => {
    const loud = pipeline({ ...options, level: 'info' });
    const quiet = pipeline({ ...options, level: 'warn' });
    for (const { logger } of [loud, quiet]) call(logger);
    expect(quiet.lines).toEqual([]);
    expect(quiet.records()).toEqual(loud.records());
  });
});

/** The content of a line, in the form of a record. */
function said(line: string, { messageKey = 'msg', errorKey = 'err' }: pino.LoggerOptions) {
  const { [messageKey]: body, [errorKey]: error, 'otel.event.name': eventName, ...rest } = JSON.parse(line);
  const { level, time, pid, hostname, ...attributes } = rest;
  if (typeof error !== 'object' || error === null || Array.isArray(error)) attributes[errorKey] = error;
  else {
    const { type, message, stack, ...more } = error;
    attributes['exception.type'] = type;
    attributes['exception.message'] = message;
    attributes['exception.stacktrace'] = stack;
    if (Object.keys(more).length > 0) attributes[errorKey] = more;
  }
  // The body is a text.
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return { body: text, attributes, eventName };
}

needs('null attributes')('null stays null', () => {
  const { logger, records } = pipeline();
  logger.debug({ note: null }, 'x');
  expect(records()[0]!.attributes).toEqual({ note: null });
});

test('later changes of nested data do not change a record', () => {
  const { logger, records } = pipeline();
  const user = { tags: ['a'] };
  logger.debug({ user }, 'x');
  user.tags.push('b');
  expect(records()[0]!.attributes).toEqual({ user: { tags: ['a'] } });
});

test.each([
  [10, 1],
  [20, 5],
  [25, 7],
  [29, 8],
  [30, 9],
  [35, 11],
  [60, 21],
  [65, 23],
  [100, 24],
  [1, 1],
])('a custom level of %d has severity %d', (level, severityNumber) => {
  const { logger, records } = pipeline({ customLevels: { own: level }, level: 'own' }, { level: 'own' });
  (logger as unknown as Record<'own', (text: string) => void>).own('x');
  expect(records()).toMatchObject([{ severityNumber, severityText: 'own' }]);
});

test('with custom levels only, calls are held from the lowest on', () => {
  const customLevels = { loud: 70, quiet: 15, middle: 35 };
  const own = pipeline({ customLevels, useOnlyCustomLevels: true, level: 'middle' });
  const logger = own.logger as unknown as Record<'loud' | 'quiet', (text: string) => void>;
  logger.quiet('held');
  logger.loud('both');
  expect(own.written()).toEqual(['both']);
  expect(own.records()).toMatchObject([
    { body: 'held', severityNumber: 3, severityText: 'quiet' },
    { body: 'both', severityNumber: 24, severityText: 'loud' },
  ]);
  expect(() => withBurstlog({ customLevels, useOnlyCustomLevels: true, level: 'info' })).toThrow(
    '"info" is not a level of pino; expected one of silent, loud, quiet, middle',
  );
});

test('a hook of the application comes first, for quiet calls too', () => {
  const logMethod: NonNullable<pino.LoggerOptions['hooks']>['logMethod'] = function (args, method) {
    if (args[0] !== 'dropped') method.apply(this, [`hooked ${args[0]}`]);
  };
  const { logger, written, records } = pipeline({ hooks: { logMethod } });
  logger.debug('quiet');
  logger.info('loud');
  logger.info('dropped');
  expect(written()).toEqual(['hooked loud']);
  expect(records().map(({ body }) => body)).toEqual(['hooked quiet', 'hooked loud']);
});

/** Lines of pino, as records of it are made without pino and by its own line. */
test('the record of any call equals its line', () => {
  const text = fc
    .array(fc.constantFrom('%s', '%d', '%i', '%f', '%j', '%o', '%O', '%c', '%%', '%', ' x', 'é'), {
      maxLength: 4,
    })
    .map((parts) => parts.join(''));
  const scalar = fc.oneof(
    text,
    fc.integer(),
    fc.constantFrom<unknown>(0.5, true, null, undefined, 7n, new Date(0), () => 1),
  );
  const anything = fc.oneof(
    scalar,
    fc.constantFrom<unknown>({ a: 1 }, [1, 'two'], {}, { deep: { er: [null] } }),
  );
  const key = fc.constantFrom('a', 'b', 'msg', 'err', 'time', 'level', 'pid', 'name', 'hostname');
  const object = fc.dictionary(key, anything, { noNullPrototype: true, maxKeys: 4 });
  const first = fc.oneof(object, text, fc.constantFrom<unknown>(undefined, null, new Error('no')));
  const call = fc.tuple(first, fc.array(anything, { maxLength: 3 })).map(([one, rest]) => [one, ...rest]);
  const options = fc.constantFrom<pino.LoggerOptions>(
    {},
    { msgPrefix: '%s: ' },
    { base: null },
    { name: 'shop' },
  );
  const bindings = fc.option(object, { nil: undefined });
  fc.assert(
    fc.property(options, bindings, call, (given, bound, args) => {
      const lines: string[] = [];
      const made: { body?: unknown; attributes?: object; eventName?: unknown }[] = [];
      const loggerProvider = { getLogger: () => ({ emit: (record: object) => void made.push(record) }) };
      const stream = { write: (line: string) => void lines.push(line) };
      const root = pino(withBurstlog({ ...given, level: 'info' }, { loggerProvider }), stream);
      const logger = bound === undefined ? root : root.child(bound);
      (logger.info as (...args: unknown[]) => void)(...args);
      const records = made.map(({ body, attributes, eventName }) => {
        return { body, attributes: JSON.parse(JSON.stringify(attributes)), eventName };
      });
      expect(records).toEqual(lines.map((line) => said(line, {})));
    }),
    { numRuns: 500 },
  );
});

test('a held call is not serialized by pino where that can be helped', () => {
  let written = 0;
  const timestamp = () => {
    written += 1;
    return ',"time":1';
  };
  const { logger, records } = pipeline({ timestamp });
  const child = logger.child({ request: 7 });
  const before = written;
  child.debug('plain');
  child.debug('%s of %d', 'one', 2);
  child.debug({ a: 1, nested: { b: [2] } }, 'with an object');
  expect([written - before, records().length]).toEqual([0, 3]);
  child.debug('%j', { a: 1 });
  expect([written - before, records().length]).toEqual([1, 4]);
});

test('an OpenTelemetry logger is created once, and without a provider no warning is logged', () => {
  const warn = jest.spyOn(diag, 'warn');
  const getLogger = jest.fn(() => ({ emit() {} }));
  const { logger } = pipeline({}, { loggerProvider: { getLogger } });
  for (const text of ['one', 'two']) logger.debug(text);
  expect(getLogger).toHaveBeenCalledTimes(1);
  pino(withBurstlog({}), { write() {} }).debug('nobody listens');
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

test('the global provider is the one of the moment of the call', () => {
  const logger = pino(withBurstlog({ name: 'shop', level: 'silent' }), { write() {} });
  logger.debug('nobody listens yet');
  for (const round of [1, 2]) {
    const { kept, provider } = recording();
    const restore = replaceLoggerProvider(provider);
    logger.debug(`round ${round}`);
    restore();
    expect(kept).toMatchObject([{ body: `round ${round}`, instrumentationScope: { name: 'shop' } }]);
  }
});

test('debug lines of a failed request are released, those of others are not', async () => {
  const exporter = new InMemoryLogRecordExporter();
  const burst = new BurstLogRecordProcessor({ exporter });
  const loggerProvider = new LoggerProvider({ processors: [burst] });
  const logger = pino(withBurstlog({ level: 'info' }, { loggerProvider }), { write() {} });
  const inTrace = (traceId: string) =>
    trace.setSpanContext(context.active(), { traceId, spanId: '1'.repeat(16), traceFlags: 1 });
  const withContext = jest.spyOn(context, 'active');
  for (const [digit, fails] of [
    ['a', false],
    ['b', true],
  ] as const) {
    const active = inTrace(digit.repeat(32));
    withContext.mockReturnValue(active);
    logger.debug(`looking up in ${digit}`);
    if (fails) logger.error('failed');
  }
  withContext.mockRestore();
  await burst.forceFlush();
  const bodies = exporter.getFinishedLogRecords().map(({ body }) => body);
  await loggerProvider.shutdown();
  expect(bodies.slice(0, 2)).toEqual(['failed', 'looking up in b']);
});

test('nothing throws: a provider that fails, data that cannot be read', () => {
  const failing = {
    getLogger: () => ({
      emit() {
        throw new Error('broken');
      },
    }),
  };
  const { logger, written } = pipeline({}, { loggerProvider: failing });
  logger.debug('quiet');
  logger.info('loud');
  expect(written()).toEqual(['loud']);

  const { logger: other, records } = pipeline();
  other.debug(
    Object.defineProperty({}, 'a', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    }),
  );
  other.debug({ big: 10n });
  other.debug('still there');
  expect(records().at(-1)!.body).toBe('still there');
});

test('options that cannot work are refused at once', () => {
  expect(() => withBurstlog({ level: 'loud' })).toThrow(
    '"loud" is not a level of pino; expected one of trace, debug, info, warn, error, fatal, silent',
  );
  expect(() => withBurstlog({}, { level: 'loud' })).toThrow(RangeError);
  expect(() => withBurstlog({}, { level: 'constructor' })).toThrow(RangeError);
  expect(() => withBurstlog({ levelComparison: 'DESC' })).toThrow("needs levelComparison 'ASC'");
});

test('the options given are not changed, and any others stay', () => {
  const given: PinoOptionsLike & { redact: string[] } = { level: 'warn', redact: ['a'], hooks: {} };
  const options = withBurstlog(given);
  expect(given).toEqual({ level: 'warn', redact: ['a'], hooks: {} });
  expect(options).toMatchObject({ level: 'debug', redact: ['a'] });
  expect(withBurstlog().level).toBe('debug');
});
