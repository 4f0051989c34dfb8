import { context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type { Task } from '../../src/task/task.ts';
import { importTask, task } from '../../src/task/task-forms.ts';
import { type Registered, register, unregister } from '../support/registered.ts';

let out: Registered;
beforeEach(() => {
  out = register();
});
afterEach(unregister);

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const GOOD = `00-${TRACE}-${SPAN}-01`;
const WELL_FORMED = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[0-3]$/;

/** Starts a task with a header, and returns the task and the headers that it propagates. */
function imported(source: unknown) {
  let foreign = '';
  let traceState: string | undefined;
  const carrier: Record<string, string> = {};
  importTask(source, 'goal', (job) => {
    foreign = job.foreignTask();
    traceState = trace.getSpanContext(job.context)?.traceState?.serialize();
    job.inject(carrier);
  });
  const { attributes } = out.records().findLast(({ eventName }) => eventName === 'task.started')!;
  expect(foreign).toMatch(WELL_FORMED);
  expect(carrier.traceparent).toBe(foreign);
  return {
    continued: foreign.slice(3, 35) === TRACE,
    parentId: attributes['task.parent.id'],
    refused: attributes['task.refused_traceparent'],
    flags: foreign.slice(-2),
    traceState,
    attributes,
  };
}

describe('a header that is accepted', () => {
  test.each([
    ['sampled', GOOD, '01'],
    ['the random flag', `00-${TRACE}-${SPAN}-03`, '03'],
    ['unknown flag bits', `00-${TRACE}-${SPAN}-ff`, '03'],
    ['unknown flag bits, unsampled', `00-${TRACE}-${SPAN}-fd`, '01'],
    ['a future version', `01-${TRACE}-${SPAN}-01`, '01'],
    ['a future version with data', `01-${TRACE}-${SPAN}-01-what-the-future-will-be-like`, '01'],
    ['a future version with a dash and nothing', `01-${TRACE}-${SPAN}-01-`, '01'],
    ['version cc of the W3C test suite', `cc-${TRACE}-${SPAN}-01`, '01'],
    ['version cc with data', `cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`, '01'],
    ['version fe', `fe-${TRACE}-${SPAN}-01`, '01'],
    ['a future version with unknown flags', `01-${TRACE}-${SPAN}-ff-x`, '03'],
    ['a future version with a long tail', `01-${TRACE}-${SPAN}-01-${'x'.repeat(1_000_000)}`, '01'],
    ['a blank before it', ` ${GOOD}`, '01'],
    ['blanks and tabs around it', ` \t ${GOOD}\t \t`, '01'],
    ['the smallest ids', `00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-01`, '01'],
    ['a list of one', [GOOD], '01'],
    ['a Buffer', Buffer.from(GOOD), '01'],
    ['a list of one Uint8Array', [new Uint8Array(Buffer.from(GOOD))], '01'],
  ])('%s', (_, header, flags) => {
    const result = imported(header);
    expect(result.refused).toBeUndefined();
    expect(result.parentId).toMatch(/^(?:b7ad6b7169203331|0{15}1)$/);
    // The SDK of the 2.x line does not propagate the random flag.
    expect(Number(result.flags) & 1).toBe(1);
    unregister();
    out = register({ tracer: false });
    expect(imported(header).flags).toBe(flags);
  });

  test('unsampled, its trace is continued unsampled, and its records are emitted anyway', () => {
    const result = imported(`00-${TRACE}-${SPAN}-00`);
    expect(result).toMatchObject({ continued: true, parentId: SPAN, flags: '00' });
    expect(imported(`00-${TRACE}-${SPAN}-02`).continued).toBe(true);
    expect(out.spans()).toEqual([]);
    expect(out.records()).toHaveLength(4);
  });
});

describe('an invalid header starts a root and its text is kept', () => {
  const refusals: [string, unknown, unknown?][] = [
    ['upper case trace id', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['upper case span id', `00-${TRACE}-${SPAN.toUpperCase()}-01`],
    ['upper case flags', `00-${TRACE}-${SPAN}-0A`],
    ['upper case version', `0A-${TRACE}-${SPAN}-01`],
    ['wrong separators', GOOD.replaceAll('-', '_')],
    ['one wrong separator', `00-${TRACE}:${SPAN}-01`],
    ['no separators', GOOD.replaceAll('-', '')],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['version ff with data', `ff-${TRACE}-${SPAN}-01-x`],
    ['version 00 with data', `${GOOD}-extra`],
    ['version 00 with a dash', `${GOOD}-`],
    ['version 00 with a point', `${GOOD}.x`],
    ['a future version with a point', `cc-${TRACE}-${SPAN}-01.what-the-future-will-not-be-like`],
    ['a version of one digit', `0-${TRACE}-${SPAN}-01`],
    ['a version of three digits', `000-${TRACE}-${SPAN}-01`],
    ['a version that is no hex', `0g-${TRACE}-${SPAN}-01`],
    ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['a long trace id', `00-0${TRACE}-${SPAN}-01`],
    ['a trace id that is no hex', `00-.${TRACE.slice(1)}-${SPAN}-01`],
    ['a short span id', `00-${TRACE}-${SPAN.slice(1)}-01`],
    ['a long span id', `00-${TRACE}-0${SPAN}-01`],
    ['a span id that is no hex', `00-${TRACE}-.${SPAN.slice(1)}-01`],
    ['flags of one digit', `00-${TRACE}-${SPAN}-1`],
    ['flags of three digits', `00-${TRACE}-${SPAN}-001`],
    ['flags that are no hex', `00-${TRACE}-${SPAN}-.0`],
    ['no flags', `00-${TRACE}-${SPAN}`],
    ['a dash for flags', `00-${TRACE}-${SPAN}-`],
    ['a line break behind it', `${GOOD}\n`, `${GOOD}?`],
    ['a line break and more', `${GOOD}\r\nset-cookie: a=b`, `${GOOD}??set-cookie: a=b`],
    ['a byte order mark', `\ufeff${GOOD}`, `?${GOOD}`],
    ['a no-break space', `\u00a0${GOOD}`, `?${GOOD}`],
    ['blanks inside', `00 - ${TRACE} - ${SPAN} - 01`],
    ['digits of another script', `00-${TRACE.slice(1)}\u0661-${SPAN}-01`, `00-${TRACE.slice(1)}?-${SPAN}-01`],
    ['NUL', `${GOOD}\0`, `${GOOD}?`],
    ['two headers', [GOOD, GOOD], `${GOOD}, ${GOOD}`],
    ['two headers in one', `${GOOD}, ${GOOD}`],
    ['two headers in one without a blank', `${GOOD},${GOOD}`],
    ['a list in a list', [[GOOD]], 'object'],
    [
      'a list of odd things',
      [1, null, undefined, {}, Symbol('s')],
      'number, object, undefined, object, symbol',
    ],
    ['a number', 42, '42'],
    ['a bigint', 42n, '42'],
    ['true', true, 'true'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a text', 'hello'],
    ['a blank', ' '],
    ['unicode', '\u{1f600}', '??'],
    ['a Buffer of anything', Buffer.from([0, 255, 10, 65]), '???A'],
    ['an id of the distlog of Python', 'None/1'],
    ['a b3 header', `${TRACE}-${SPAN}-1`],
  ];

  test.each(refusals.map(([name]) => name))('%s', (name) => {
    const [, header, shown = header] = refusals.find(([other]) => other === name)!;
    const result = imported(header);
    expect(result).toMatchObject({ continued: false, parentId: undefined, refused: shown });
    const inCarrier = imported({ traceparent: header, tracestate: 'a=1' });
    expect(inCarrier).toMatchObject({ continued: false, parentId: undefined, refused: shown });
    expect(inCarrier.traceState).toBeUndefined();
  });

  test.each([
    ['of letters', 'x'.repeat(1_000_000)],
    ['of dashes', '-'.repeat(1_000_000)],
    ['of blanks with a letter', `${' '.repeat(500_000)}x${' '.repeat(500_000)}`],
    ['of blanks inside a header', `00-${' '.repeat(1_000_000)}${GOOD}`],
    ['of zeros', '0'.repeat(1_000_000)],
  ])('a text of a million characters, %s, is rejected at once and truncated', (_, header) => {
    const before = performance.now();
    const result = imported(header);
    // Linear time takes milliseconds; backtracking would take hours.
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(result.continued).toBe(false);
    expect(String(result.refused)).toHaveLength(128);
    expect(String(result.refused)).toMatch(/\.\.\.$/);
    expect(imported(Buffer.from(header)).refused).toBe(result.refused);
  });
});

describe('a missing header starts a root and nothing is invalid', () => {
  test.each([
    [undefined],
    [null],
    [''],
    [[]],
    [{}],
    [{ traceparent: undefined }],
    [{ traceparent: null }],
    [{ traceparent: '' }],
    [{ traceparent: [] }],
    [{ tracestate: 'a=1' }],
    [new Map()],
    [new Headers()],
    [Object.create(null)],
  ])('%p', (source) => {
    const result = imported(source);
    expect(result).toMatchObject({ continued: false, parentId: undefined, refused: undefined });
    expect(result.traceState).toBeUndefined();
    expect(result.flags).toBe('01');
  });
});

describe('carriers', () => {
  class OwnHeaders {
    get(name: string) {
      return name === 'traceparent' ? [GOOD] : [];
    }
  }
  const carriers: [string, unknown][] = [
    ['headers of Node', { host: 'a', traceparent: GOOD, tracestate: 'a=1' }],
    ['distinct headers of Node', { traceparent: [GOOD], tracestate: ['a=1'] }],
    ['names in mixed case', { TraceParent: GOOD, TraceState: 'a=1' }],
    ['the environment', { TRACEPARENT: GOOD, TRACESTATE: 'a=1' }],
    ['bytes, as of Kafka', { traceparent: Buffer.from(GOOD), tracestate: Buffer.from('a=1') }],
    ['the Headers of fetch', new Headers({ TraceParent: GOOD, tracestate: 'a=1' })],
    [
      'a Map',
      new Map([
        ['traceparent', GOOD],
        ['tracestate', 'a=1'],
      ]),
    ],
    [
      'a Map of names in mixed case',
      new Map([
        ['TraceParent', GOOD],
        ['Tracestate', 'a=1'],
      ]),
    ],
    [
      'an object without a prototype',
      Object.assign(Object.create(null), { traceparent: GOOD, tracestate: 'a=1' }),
    ],
    ['a header named get', { get: 'x', traceparent: GOOD, tracestate: 'a=1' }],
  ];
  test.each(carriers)('%s', (_, carrier) => {
    expect(imported(carrier)).toMatchObject({
      continued: true,
      parentId: SPAN,
      refused: undefined,
      traceState: 'a=1',
    });
  });

  test('an object whose get() returns lists, like gRPC metadata', () => {
    expect(imported(new OwnHeaders())).toMatchObject({
      continued: true,
      parentId: SPAN,
      traceState: undefined,
    });
  });

  test('an inherited name is not a header', () => {
    expect(imported(Object.create({ traceparent: GOOD })).continued).toBe(false);
  });

  test('several headers that differ in case: the one in lower case is used', () => {
    expect(imported({ Traceparent: 'bad', TRACEPARENT: 'bad', traceparent: GOOD }).continued).toBe(true);
  });
});

test('carriers that throw start a root', () => {
  const no = () => {
    throw new Error('no');
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const getter = Object.defineProperty({}, 'traceparent', { get: no, enumerable: true });
  const traps = { get: no, ownKeys: no, getPrototypeOf: no, getOwnPropertyDescriptor: no, has: no };
  for (const carrier of [getter, { get: no }, new Proxy({}, traps), new Proxy([], traps), revoked.proxy]) {
    expect(imported(carrier).continued).toBe(false);
    unregister();
    out = register({ propagator: new W3CTraceContextPropagator() });
    expect(imported(carrier).continued).toBe(false);
  }
});

describe('tracestate', () => {
  const members = (count: number, value = 'x') => Array.from({ length: count }, (_, n) => `k${n}=${value}`);
  const state = (tracestate: unknown) => imported({ traceparent: GOOD, tracestate }).traceState;
  const exact = `a=${'x'.repeat(253)},b=${'y'.repeat(254)}`;
  const long = `long=${'x'.repeat(130)}`;

  test.each<[string, unknown, string | undefined]>([
    ['one member', 'a=1', 'a=1'],
    ['blanks around members', ' a=1 ,\tb=2\t', 'a=1,b=2'],
    ['empty members', 'a=1,,b=2, ,', 'a=1,b=2'],
    ['a key that begins with a digit', '1a=1', '1a=1'],
    ['a vendor', 'tenant@vendor=1', 'tenant@vendor=1'],
    ['all characters of a key', 'a_-*/@9=1', 'a_-*/@9=1'],
    ['a key of 256 characters, which stands alone', `${'k'.repeat(256)}=1`, `${'k'.repeat(256)}=1`],
    ['a value with blanks inside', 'a=1 2', 'a=1 2'],
    ['duplicates: the first is the newest', 'a=1,b=2,a=3', 'a=1,b=2'],
    ['several headers', ['a=1', 'b=2'], 'a=1,b=2'],
    ['a list of one', ['a=1'], 'a=1'],
    ['32 members', members(32).join(), members(32).join()],
    ['33 members: all of them are discarded', members(33).join(), undefined],
    ['33 members, some of them twice', `${members(32).join()},k0=y`, undefined],
    ['33 members in two headers', [members(32).join(), 'a=1'], undefined],
    ['32 members and empty ones', `,${members(32).join(',,')},`, members(32).join()],
    ['exactly 512 characters', exact, exact],
    ['513 characters', `a${exact}`, `aa=${'x'.repeat(253)}`],
    [
      'more than 512 characters: whole members from the right',
      members(10, 'x'.repeat(60)).join(),
      members(8, 'x'.repeat(60)).join(),
    ],
    [
      'more than 512 characters: long members first',
      `${long},${members(7, 'x'.repeat(60)).join()}`,
      members(7, 'x'.repeat(60)).join(),
    ],
    ['long members within 512 characters stay', `${long},a=1`, `${long},a=1`],
    ['upper case in a key', 'a=1,B=2', undefined],
    ['no equals sign', 'a=1,b', undefined],
    ['an empty key', '=1', undefined],
    ['an empty value', 'a=', undefined],
    ['an equals sign in a value', 'a=1=2', undefined],
    ['a line break', 'a=1\nb=2', undefined],
    ['unicode', 'a=\u00e9', undefined],
    ['a key of 257 characters', `${'k'.repeat(257)}=1`, undefined],
    ['a value of 257 characters', `a=${'x'.repeat(257)}`, undefined],
    ['a blank in a key', 'a b=1', undefined],
    ['nothing', '', undefined],
    ['blanks', ' \t', undefined],
    ['a number', 5, undefined],
    ['null', null, undefined],
    ['a million blanks', `a=1,${' '.repeat(1_000_000)}x`, undefined],
  ])('%s', (_, given, kept) => {
    expect(state(given)).toBe(kept);
  });

  test('as long bytes it is read to its end', () => {
    const text = `${members(5, 'x'.repeat(200)).join()},end=whole`;
    expect(state(Buffer.from(text))).toBe(state(text));
    expect(state(text)).toContain('end=whole');
  });

  test('is propagated with the header, and can be changed', () => {
    const carrier: Record<string, string> = {};
    importTask({ traceparent: GOOD, tracestate: 'a=1,b=2' }, 'goal', (job) => job.inject(carrier));
    expect(carrier.tracestate).toBe('a=1,b=2');
    importTask({ traceparent: GOOD, tracestate: 'a=1,b=2' }, 'goal', (job) => {
      const before = trace.getSpanContext(job.context)!.traceState!;
      expect(before.get('b')).toBe('2');
      expect(before.get('c')).toBeUndefined();
      expect(before.set('b', '3').serialize()).toBe('b=3,a=1');
      expect(before.set('B', '3')).toBe(before);
      expect(before.set('b', 'no,comma')).toBe(before);
      expect(before.unset('a').serialize()).toBe('b=2');
      expect(before.serialize()).toBe('a=1,b=2');
    });
  });
});

describe('propagated headers are always well formed', () => {
  const parents: [string, Partial<SpanContext>][] = [
    ['flags ff', { traceFlags: 0xff }],
    ['flags 10', { traceFlags: 0x10 }],
    ['flags 300', { traceFlags: 0x300 }],
    ['flags -1', { traceFlags: -1 }],
  ];
  const ways: [string, boolean, boolean][] = [
    ["OpenTelemetry's own propagator and SDK", true, true],
    ["OpenTelemetry's own propagator alone", true, false],
    ['nothing registered', false, false],
    ['the SDK alone', false, true],
  ];
  describe.each(ways)('with %s', (_, propagator, tracer) => {
    test.each(parents)('%s', (__, flags) => {
      unregister();
      out = register({ tracer, ...(propagator ? { propagator: new W3CTraceContextPropagator() } : {}) });
      const parent = { traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true, ...flags };
      const within = trace.setSpanContext(ROOT_CONTEXT, parent);
      context.with(within, () =>
        task('goal', (job: Task) => {
          const carrier: Record<string, string> = {};
          job.inject(carrier);
          expect(job.foreignTask()).toMatch(WELL_FORMED);
          expect(carrier.traceparent).toBe(job.foreignTask());
          expect(job.foreignTask().slice(3, 35)).toBe(TRACE);
        }),
      );
    });
  });
});
