import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { AlwaysOnSampler } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { environmentSetter } from '../../src/task/inject.ts';
import { startTask } from '../../src/task/start-task.ts';
import { importTask, task, to } from '../../src/task/task-forms.ts';
import { anyText } from '../support/any-text.ts';
import { listen } from '../support/diag-listener.ts';
import { type Registered, register, unregister } from '../support/registered.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const GOOD = `00-${TRACE}-${SPAN}-01`;
const other = (n: number) => `00-${String(n).padStart(32, 'a')}-${String(n).padStart(16, 'b')}-01`;
const w3c = () =>
  new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] });

let out: Registered;
beforeEach(() => {
  out = register();
});
afterEach(unregister);

describe('a header is continued', () => {
  test('in its trace, below its span, which is remote', () => {
    importTask(GOOD, 'goal', { user: 'leo' }, (job) => {
      expect(job.parent).toBeUndefined();
      expect(job.path).toEqual(['goal']);
      to('step', () => out.log('inside'));
    });
    const goal = out.spans().find(({ name }) => name === 'goal')!;
    expect(goal.spanContext().traceId).toBe(TRACE);
    expect(goal.parentSpanContext).toMatchObject({ traceId: TRACE, spanId: SPAN, isRemote: true });
    expect(goal.links).toEqual([]);
    expect(out.find('task.started').attributes).toMatchObject({ 'task.parent.id': SPAN, user: 'leo' });
    expect(out.find('inside').spanContext?.traceId).toBe(TRACE);
    const parents = out
      .records()
      .map(({ attributes }) => [attributes['task.name'], attributes['task.parent.id']]);
    for (const [name, id] of parents) expect(id).toBe(name === 'goal' ? SPAN : goal.spanContext().spanId);
  });

  test('and unknown flag bits do not even reach the span', () => {
    importTask(`00-${TRACE}-${SPAN}-ff`, 'goal', () => {});
    expect(out.spans()[0]!.parentSpanContext?.traceFlags).toBe(3);
  });

  test('several times: each continuation is a child of the one that exported it', () => {
    const exporter = startTask('exporter');
    for (const name of ['first', 'second']) importTask(exporter.foreignTask(), name, () => {});
    const started = out.records().filter(({ eventName }) => eventName === 'task.started');
    expect(started.map(({ attributes }) => attributes['task.parent.id'])).toEqual([
      undefined,
      exporter.id,
      exporter.id,
    ]);
    expect(new Set(started.map(({ attributes }) => attributes['task.id'])).size).toBe(3);
  });

  test('inside another task: it belongs to the header, not to the enclosing task', () => {
    task('around', (around) => {
      importTask(GOOD, 'foreign', (job) => {
        expect(job.parent).toBeUndefined();
        expect(job.foreignTask().slice(3, 35)).toBe(TRACE);
      });
      to('step', (step) => expect(step.parent).toBe(around));
    });
  });

  test('inside a task of the same trace the span, too, is a child of the task that wrote the header', () => {
    task('around', () => {
      const header = to('exporter', (job) => job.foreignTask());
      importTask(header, 'imported', () => {});
    });
    const named = (name: string) => out.spans().find((span) => span.name === name)!;
    expect(named('imported').parentSpanContext?.spanId).toBe(named('exporter').spanContext().spanId);
  });
});

describe('a header is linked', () => {
  test('with a new trace, a span link, and task.links on the first record', () => {
    importTask(GOOD, 'goal', {}, { link: true }, () => {});
    const [goal] = out.spans();
    expect(goal!.spanContext().traceId).not.toBe(TRACE);
    expect(goal!.parentSpanContext).toBeUndefined();
    expect(goal!.links.map((link) => link.context)).toMatchObject([{ traceId: TRACE, spanId: SPAN }]);
    const [started, ended] = out.records();
    expect(started!.attributes['task.links']).toEqual([GOOD]);
    expect(started!.attributes).not.toHaveProperty(['task.parent.id']);
    expect(ended!.attributes).not.toHaveProperty(['task.links']);
  });

  test('unknown flags are not passed on in task.links', () => {
    importTask(`cc-${TRACE}-${SPAN}-ff-more`, 'goal', {}, { link: true }, () => {});
    expect(out.records()[0]!.attributes['task.links']).toEqual([`00-${TRACE}-${SPAN}-03`]);
  });

  test('of many messages: all of them, carriers and headers mixed; the first invalid one is readable', () => {
    const sources = [
      other(1),
      { traceparent: other(2) },
      'broken',
      undefined,
      new Map([['traceparent', other(3)]]),
      5,
    ];
    importTask(sources, 'batch', {}, { link: true }, () => {});
    expect(out.spans()[0]!.links.map(({ context: to }) => to.spanId.slice(-1))).toEqual(['1', '2', '3']);
    expect(out.records()[0]!.attributes).toMatchObject({
      'task.links': [other(1), other(2), other(3)],
      'task.refused_traceparent': 'broken',
    });
  });

  test('a sparse list, and one as long as a list can be, never throw', () => {
    const sparse: string[] = [];
    sparse[1] = GOOD;
    for (const source of [sparse, new Array(2 ** 32 - 1)]) {
      importTask(source, 'batch', {}, { link: true }, () => {});
      importTask(source, 'goal', () => {});
    }
    const links = out.records().flatMap(({ attributes }) => attributes['task.links'] ?? []);
    expect(links).toEqual([GOOD]);
  });

  test('of 1,000 messages the first 128 are reported', () => {
    importTask(
      Array.from({ length: 1_000 }, (_, n) => other(n)),
      'batch',
      {},
      { link: true },
      () => {},
    );
    expect(out.records()[0]!.attributes['task.links']).toHaveLength(128);
  });

  test.each<[string, (names: readonly (readonly [string, string])[]) => unknown]>([
    ['a Map', (names) => new Map(names)],
    ['an object', (names) => Object.fromEntries(names)],
    ['a list of headers', (names) => names],
  ])('a name in another case is searched among the first 1,000 of %s', (_, carrierOf) => {
    for (const before of [999, 1_000]) {
      const others = Array.from({ length: before }, (_, at) => [`x-${at}`, 'other'] as const);
      importTask(
        carrierOf([...others, ['TraceParent', GOOD]]),
        `behind ${before}`,
        {},
        { link: true },
        () => {},
      );
    }
    const linked = out
      .records()
      .filter(({ eventName }) => eventName === 'task.started')
      .map(({ attributes }) => attributes['task.links']);
    expect(linked).toEqual([[GOOD], undefined]);
  });

  test.each([[undefined], [[]], ['broken'], [{}]])('%p: a new trace without links', (source) => {
    context.with(trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE, spanId: SPAN, traceFlags: 1 }), () =>
      importTask(source, 'goal', {}, { link: true }, () => {}),
    );
    const [goal] = out.spans();
    expect(goal!.links).toEqual([]);
    expect(goal!.spanContext().traceId).not.toBe(TRACE);
    expect(out.records()[0]!.attributes).not.toHaveProperty(['task.links']);
  });

  test('with the registered propagator it is not a child of the task it is linked to', () => {
    unregister();
    out = register({ propagator: w3c() });
    const carrier = { traceparent: GOOD, baggage: 'user=leo' };
    importTask(carrier, 'goal', {}, { link: true }, (job) => {
      expect(job.foreignTask()).not.toContain(TRACE);
      expect(propagation.getBaggage(job.context)?.getEntry('user')?.value).toBe('leo');
    });
    expect(out.spans()[0]!.parentSpanContext).toBeUndefined();
  });
});

describe('where a span of this process is active', () => {
  const server = (from: Context) => trace.getTracer('http').startSpan('GET /', {}, from);

  test('that an instrumentation created for the same header, it is the parent span, and the header names the parent task', () => {
    const remote = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: TRACE,
      spanId: SPAN,
      traceFlags: 1,
      isRemote: true,
    });
    const span = server(remote);
    context.with(trace.setSpan(remote, span), () => importTask({ traceparent: GOOD }, 'goal', () => {}));
    const [goal] = out.spans();
    expect(goal!.spanContext().traceId).toBe(TRACE);
    expect(goal!.parentSpanContext?.spanId).toBe(span.spanContext().spanId);
    expect(out.records()[0]!.attributes['task.parent.id']).toBe(SPAN);
  });

  test('of another trace, the header takes precedence', () => {
    const span = server(ROOT_CONTEXT);
    context.with(trace.setSpan(ROOT_CONTEXT, span), () => importTask(GOOD, 'goal', () => {}));
    expect(out.spans()[0]!.parentSpanContext?.spanId).toBe(SPAN);
  });

  test.each([['broken'], [undefined]])('and the header is %p, it is the parent of the root', (header) => {
    const span = server(ROOT_CONTEXT);
    context.with(trace.setSpan(ROOT_CONTEXT, span), () =>
      importTask({ traceparent: header }, 'goal', () => {}),
    );
    expect(out.spans()[0]!.parentSpanContext?.spanId).toBe(span.spanContext().spanId);
    expect(out.records()[0]!.attributes['task.refused_traceparent']).toBe(header);
  });
});

describe('with propagators', () => {
  /** One header, as b3: `<trace>-<span>-<sampled>`. */
  const b3: TextMapPropagator = {
    fields: () => ['b3'],
    inject(from, carrier, setter) {
      const span = trace.getSpanContext(from)!;
      setter.set(carrier, 'b3', `${span.traceId}-${span.spanId}-1`);
    },
    extract(into, carrier, getter) {
      const text = getter.get(carrier, 'b3');
      if (typeof text !== 'string') return into;
      const [traceId = '', spanId = ''] = text.split('-');
      return trace.setSpanContext(into, { traceId, spanId, traceFlags: 1, isRemote: true });
    },
  };

  test('of another format, they continue and propagate the task', () => {
    unregister();
    out = register({ propagator: b3 });
    const carrier: Record<string, string> = {};
    importTask({ B3: `${TRACE}-${SPAN}-1` }, 'goal', (job) => {
      job.inject(carrier);
      expect(carrier).toEqual({ b3: `${TRACE}-${job.id}-1` });
    });
    expect(out.records()[0]!.attributes['task.parent.id']).toBe(SPAN);
    importTask({ b3: 'broken' }, 'goal', (job) => expect(job.foreignTask()).not.toContain(TRACE));
    importTask({}, 'goal', (job) => expect(job.foreignTask()).not.toContain(TRACE));
  });

  test('baggage is propagated with a task, with an invalid header, and alone', () => {
    unregister();
    out = register({ propagator: w3c() });
    const carrier: Record<string, string> = {};
    const baggage = propagation.createBaggage({ tenant: { value: 'blue' } });
    context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () =>
      task('goal', (job) => job.inject(carrier)),
    );
    expect(carrier.baggage).toBe('tenant=blue');
    for (const traceparent of [carrier.traceparent, 'broken', `${carrier.traceparent}\n`, undefined]) {
      importTask({ traceparent, baggage: carrier.baggage }, 'goal', (job) => {
        expect(propagation.getBaggage(job.context)?.getEntry('tenant')?.value).toBe('blue');
        expect(propagation.getActiveBaggage()?.getEntry('tenant')?.value).toBe('blue');
        const continues = traceparent === carrier.traceparent;
        expect(job.foreignTask().slice(3, 35) === carrier.traceparent!.slice(3, 35)).toBe(continues);
      });
    }
  });

  test('that throw, the task is continued by the header anyway, and inject logs it once', () => {
    unregister();
    const no = () => {
      throw new Error('no');
    };
    out = register({ propagator: { fields: () => ['x'], inject: no, extract: no } });
    const warnings: string[] = [];
    listen((message) => warnings.push(message));
    importTask({ traceparent: GOOD }, 'goal', (job) => {
      job.inject({});
      job.inject({});
      expect(job.foreignTask()).toContain(TRACE);
    });
    expect(warnings.join()).toContain('failed to read a carrier');
    expect(warnings.join()).toContain('could not be written into a carrier');
    expect(warnings).toHaveLength(2);
  });

  test.each<[string, boolean]>([
    ['registered', true],
    ['not registered', false],
  ])('headers, Headers, Map and environment make the round, a propagator %s', (_, registered) => {
    unregister();
    out = register(registered ? { propagator: w3c() } : {});
    const job = startTask('goal');
    const environment: NodeJS.ProcessEnv = {};
    const carriers = [{}, new Headers(), new Map<string, string>()];
    for (const carrier of carriers) job.inject(carrier);
    job.inject(environment, environmentSetter);
    expect(environment).toEqual({ TRACEPARENT: job.foreignTask() });
    for (const carrier of [...carriers, environment]) {
      importTask(carrier, 'goal', () => {});
      expect(out.records().at(-1)!.attributes['task.parent.id']).toBe(job.id);
    }
  });

  test('names of the environment are upper case with underscores', () => {
    const environment: NodeJS.ProcessEnv = {};
    environmentSetter.set(environment, 'x-b3-traceid', 'a');
    environmentSetter.set(environment, 'Tracestate', 'b');
    expect(environment).toEqual({ X_B3_TRACEID: 'a', TRACESTATE: 'b' });
  });

  test.each([[null], [undefined], [5], ['text'], [Object.freeze({})]])(
    'inject into %p does not throw',
    (carrier) => {
      task('goal', (job) => {
        expect(() => job.inject(carrier)).not.toThrow();
        expect(() => job.inject({}, {} as never)).not.toThrow();
      });
    },
  );
});

describe('a carrier of a message queue', () => {
  const bytes = (text: string) => Buffer.from(text);
  const octets = (text: string) => [...Buffer.from(text)];
  const headers = { traceparent: GOOD, tracestate: 'a=1', baggage: 'tenant=blue', other: 'x' };
  const each = (value: (text: string, name: string) => unknown) =>
    Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, value(text, name)]));
  const list = (item: (name: string, text: string) => unknown) =>
    Object.entries(headers).map(([name, text]) => item(name, text));
  const carriers: [string, unknown][] = [
    ['kafkajs: buffers', each(bytes)],
    ['kafkajs: a list of buffers for each name', each((text) => [bytes(text)])],
    ['node-rdkafka: a list of objects with one name', list((name, text) => ({ [name]: bytes(text) }))],
    ['confluent-kafka-javascript: the same with texts', list((name, text) => ({ [name]: text }))],
    ['a Lambda event of MSK: the same with octets', list((name, text) => ({ [name]: octets(text) }))],
    ['pairs', list((name, text) => [name, text])],
    ['keys and values', list((key, text) => ({ key, value: bytes(text) }))],
    ['a Buffer that went through JSON', JSON.parse(JSON.stringify(each(bytes)))],
    ['ArrayBuffers', each((text) => new Uint8Array(bytes(text)).buffer)],
    ['SQS: MessageAttributes', each((text) => ({ DataType: 'String', StringValue: text }))],
    [
      'SQS: binary values',
      each((text) => ({ DataType: 'Binary', BinaryValue: new Uint8Array(bytes(text)) })),
    ],
    [
      'a Lambda event of SQS: messageAttributes',
      each((text) => ({ stringValue: text, stringListValues: [], binaryListValues: [], dataType: 'String' })),
    ],
    [
      'a Lambda event of SQS: binary values',
      each((text) => ({ binaryValue: bytes(text).toString('base64'), dataType: 'Binary' })),
    ],
    ['SNS: MessageAttributes', each((text) => ({ Type: 'String', Value: text }))],
    ['SNS: binary values', each((text) => ({ Type: 'Binary', Value: bytes(text).toString('base64') }))],
    ['names in another case', list((name, text) => ({ [name.toUpperCase()]: bytes(text) }))],
  ];

  test.each(carriers)('%s: is continued, with tracestate and baggage', (_, carrier) => {
    for (const propagator of [undefined, w3c()]) {
      unregister();
      out = register(propagator === undefined ? {} : { propagator });
      importTask(carrier, 'goal', (job) => {
        expect(trace.getSpanContext(job.context)?.traceState?.serialize()).toBe('a=1');
        const tenant = propagation.getBaggage(job.context)?.getEntry('tenant')?.value;
        expect(tenant).toBe(propagator === undefined ? undefined : 'blue');
      });
      expect(out.records()[0]!.attributes).toMatchObject({ 'task.parent.id': SPAN });
      expect(out.records()[0]!.attributes).not.toHaveProperty(['task.refused_traceparent']);
    }
  });

  test.each(carriers)('%s: is linked, alone and among others', (_, carrier) => {
    importTask(carrier, 'alone', {}, { link: true }, () => {});
    importTask(
      [carrier, { traceparent: other(1) }, [{ traceparent: other(2) }]],
      'batch',
      {},
      { link: true },
      () => {},
    );
    const starts = out.records().filter(({ eventName }) => eventName === 'task.started');
    expect(starts.map(({ attributes }) => attributes['task.links'])).toEqual([
      [GOOD],
      [GOOD, other(1), other(2)],
    ]);
  });

  test.each<[string, unknown]>([
    ['octets', octets(GOOD)],
    ['an attribute of SQS', { StringValue: GOOD, DataType: 'String' }],
    ['an attribute of SNS', { Type: 'String', Value: GOOD }],
    ['an ArrayBuffer', new Uint8Array(bytes(GOOD)).buffer],
    ['a Buffer that went through JSON', JSON.parse(JSON.stringify(bytes(GOOD)))],
  ])('a header alone, %s, is continued', (_, header) => {
    importTask(header, 'goal', () => {});
    expect(out.records()[0]!.attributes).toMatchObject({ 'task.parent.id': SPAN });
  });

  test.each<[string, unknown, string]>([
    [
      'two of one name',
      [{ traceparent: bytes(GOOD) }, { traceparent: bytes(other(1)) }],
      `${GOOD}, ${other(1)}`,
    ],
    ['octets that are none', { traceparent: [48, 48, 256] }, 'number, number, number'],
    ['too many octets', { traceparent: new Array(10_000).fill(48) }, `${'number, '.repeat(7)}number`],
    ['an attribute with a number', { traceparent: { StringValue: 5 } }, '[object Object]'],
    ['text that is no header', [{ traceparent: bytes('broken') }], 'broken'],
  ])('%s starts a root, and its text is kept', (_, carrier, shown) => {
    importTask(carrier, 'goal', () => {});
    const { attributes } = out.records()[0]!;
    expect(attributes).not.toHaveProperty(['task.parent.id']);
    expect(attributes['task.refused_traceparent']).toBe(shown);
  });

  test.each<[string, unknown]>([
    ['headers without one of ours', [{ a: bytes('1') }, { b: bytes('2') }]],
    ['an empty list', []],
    ['a header without a value', [{ traceparent: null }]],
  ])('%s starts a root, and nothing is invalid', (_, carrier) => {
    importTask(carrier, 'goal', () => {});
    expect(out.records()[0]!.attributes).not.toHaveProperty(['task.refused_traceparent']);
  });
});

test('a trace that started with nothing registered is sampled for downstream services', () => {
  unregister();
  out = register({ tracer: false });
  const header = task('here', (job) => job.foreignTask());
  unregister();
  out = register({ sampler: new AlwaysOnSampler() });
  importTask(header, 'there', () => {});
  expect(out.spans()).toHaveLength(1);
});

test('importTask never throws, whatever it is given, with or without propagators, continued or linked', () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  const source = fc.oneof(
    anything,
    fc.record({ traceparent: anything, tracestate: anything, baggage: anything }),
    anyText(),
    fc.string({ unit: fc.constantFrom('0', '1', 'a', 'f', '-', ' ', ',', '='), maxLength: 80 }),
    fc.record({
      traceparent: fc.constant(GOOD),
      tracestate: fc.string({ unit: fc.constantFrom('a', '=', ',', ' ', '@') }),
    }),
  );
  for (const propagator of [undefined, w3c()]) {
    if (propagator !== undefined) propagation.setGlobalPropagator(propagator);
    fc.assert(
      fc.property(source, fc.boolean(), (given, link) => {
        const value = importTask(given, 'goal', {}, { link }, (job) => {
          expect(job.foreignTask()).toMatch(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[0-3]$/);
          return 'value';
        });
        expect(value).toBe('value');
        const refused = out.records().at(-2)!.attributes['task.refused_traceparent'] ?? '';
        expect(refused).toMatch(/^[\x20-\x7e]{0,128}$/);
      }),
    );
  }
});
