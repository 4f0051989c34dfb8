/** The targets: counts, warnings, and calls of the exporter, processor or provider. */
import { diag, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { LiveRecord } from '../../src/burst/deferred-record.ts';
import { Downstream } from '../../src/burst/downstream.ts';
import { ExporterTarget } from '../../src/burst/exporter-target.ts';
import { HeldRecord, HeldRecords, HeldWithDetails } from '../../src/burst/held-record.ts';
import { ProcessorTarget } from '../../src/burst/processor-target.ts';
import { ProviderTarget } from '../../src/burst/provider-target.ts';
import { ReentrancyGuard } from '../../src/burst/reentrancy-guard.ts';
import { resolveDeliveryOptions } from '../../src/export/index.ts';
import { RateLimitedWarnings, releaseOf } from '../../src/record/index.ts';
import { aRecord, spanContext } from '../box/support/memory-box.ts';
import { turn } from '../support/delivery-pipeline.ts';
import { listen } from '../support/diag-listener.ts';
import { HeldExporter, inTrouble, type Trouble } from '../support/exporters.ts';
import { ManualClock } from '../support/manual-clock.ts';

let warnings: string[];

beforeEach(() => {
  warnings = [];
  listen((message) => void warnings.push(message));
});
afterEach(() => diag.disable());

const ofBurst = { burstId: 'id', sequence: 2, cause: undefined, repeat: undefined };

describe('an exporter', () => {
  function build() {
    const exporter = new HeldExporter();
    const clock = new ManualClock();
    const options = resolveDeliveryOptions('test', {
      exporter,
      clock,
      maxQueueSize: 2,
      maxExportBatchSize: 2,
    });
    const guard = new ReentrancyGuard();
    return { exporter, guard, target: new ExporterTarget(options, 17, guard) };
  }

  test('receives a trigger with a rank of at least burstLevel, whatever its severity', async () => {
    const { exporter, target } = build();
    const trigger = { ...ofBurst, sequence: 0, cause: 'predicate' as const };
    target.send(aRecord('warning', { severityNumber: 13 }), 10, ofBurst);
    target.send(aRecord('quiet trigger', { severityNumber: 5 }), 10, trigger);
    target.send(aRecord('error', { severityNumber: 17 }), 10, undefined);
    exporter.open();
    await target.flush();
    expect(exporter.bodies).toEqual(['quiet trigger', 'error']);
    expect(target.counts()).toMatchObject({ delivered: 2, failed: { queue_full: 1 }, pending: 0 });
  });

  test('is called inside the guard, so that its own records are recognized', async () => {
    const { exporter, guard, target } = build();
    let wasInside = false;
    const onExport = exporter.export.bind(exporter);
    exporter.export = (records, respond) => {
      wasInside = guard.isInside;
      onExport(records, respond);
    };
    target.send(aRecord('one'), 10, undefined);
    target.wake();
    await turn();
    expect([wasInside, guard.isInside]).toEqual([true, false]);
    expect(target.bytes).toBe(10);
    expect(target.undelivered().map(({ body }) => body)).toEqual(['one']);
  });
});

describe('a wrapped processor', () => {
  function build(onEmit: (...given: never[]) => void = () => {}) {
    const got: { body: unknown; attributes: object; traceId: string | undefined }[] = [];
    const processor = {
      onEmit: (record: ReturnType<typeof aRecord>, given = ROOT_CONTEXT) => {
        onEmit();
        got.push({ ...record, traceId: trace.getSpanContext(given)?.traceId } as never);
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    return { got, target: new ProcessorTarget(processor, new ManualClock(), new ReentrancyGuard()) };
  }

  test('receives a live record in its own context, a released one in a context with only its span context', () => {
    const { got, target } = build();
    const inA = trace.setSpanContext(ROOT_CONTEXT, spanContext('a'));
    const inB = aRecord('later', { spanContext: spanContext('b') });
    target.send(aRecord('at once'), 1, undefined, inA);
    target.send(inB, 1, ofBurst, undefined);
    target.send(aRecord('in no trace'), 1, undefined, undefined);
    target.sendRecovered(inB, 1);
    expect(got.map(({ body, traceId, attributes }) => [body, traceId?.[0], Object.keys(attributes)])).toEqual(
      [
        ['at once', 'a', []],
        ['later', 'b', ['burst.id', 'burst.sequence']],
        ['in no trace', undefined, []],
        ['later', 'b', []],
      ],
    );
    expect(target.counts()).toEqual({ delivered: 4, failed: { processor: 0 }, pending: 0 });
  });

  test('that throws loses the record, which is pending only during the call', () => {
    const pending: number[] = [];
    const { target } = build(() => {
      pending.push(target.counts().pending);
      throw new Error('broken');
    });
    target.send(aRecord('lost'), 1, undefined, undefined);
    expect(pending).toEqual([1]);
    expect(target.counts()).toEqual({ delivered: 0, failed: { processor: 1 }, pending: 0 });
    expect(warnings).toEqual([
      "BurstLogRecordProcessor: 1 record was lost: the wrapped processor's onEmit() threw Error: broken",
    ]);
  });

  test('has its own queue: there is nothing to drop, to measure or to return', () => {
    const { target } = build();
    target.send(aRecord('one'), 1_000, undefined, undefined);
    target.wake();
    expect([target.bytes, target.dropQuietest(), target.undelivered()]).toEqual([0, false, []]);
  });
});

describe('a wrapped provider', () => {
  function build({ enabled = true, throws = false } = {}) {
    const got: { logger: unknown[]; record: Record<string, unknown> }[] = [];
    const asked: unknown[] = [];
    const provider = {
      getLogger: (...logger: unknown[]) => ({
        emit: (record: Record<string, unknown>) => {
          if (throws) throw new Error('broken');
          got.push({ logger, record });
        },
        enabled: (record: unknown) => {
          asked.push(record);
          return enabled;
        },
      }),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const clock = new ManualClock();
    const records = new HeldRecords();
    const warner = new RateLimitedWarnings('test', clock);
    const target = new ProviderTarget(provider, clock, records, new ReentrancyGuard(), warner);
    const source = { logger: provider.getLogger('shop') as never, scope: { name: 'shop' }, offset: 0 };
    const held = (body: string, more?: ConstructorParameters<typeof HeldWithDetails>[1]) => {
      const item = more === undefined ? new HeldRecord(source) : new HeldWithDetails(source, more);
      return Object.assign(item, { body, severity: 5 });
    };
    return { asked, clock, got, held, records, source, target };
  }

  test('creates a released record, if it is still enabled, in its original trace', () => {
    const { asked, got, held, target } = build();
    const item = Object.assign(held('quiet'), { spanContext: spanContext('a') });
    target.send(item, 1, ofBurst, undefined, 7_000);
    const { record } = got[0]!;
    expect(record).toMatchObject({
      ...{ body: 'quiet', severityNumber: 5, timestamp: [7, 0], observedTimestamp: [7, 0] },
      attributes: { 'burst.id': 'id', 'burst.sequence': 2 },
    });
    expect(trace.getSpanContext(record.context as never)).toEqual(spanContext('a'));
    expect(releaseOf(record.context as never)).toEqual({ marks: undefined, sequence: 0 });
    expect(asked).toEqual([record]);
    expect(target.counts()).toEqual({ delivered: 1, failed: { provider: 0, refused: 0 }, pending: 0 });
  });

  test('is not asked again about a live record, which is passed unchanged', () => {
    const { asked, got, source, target } = build({ enabled: false });
    const given = { body: 'loud', attributes: { user: 'ann', 'burst.id': 'of the user' } };
    target.send(new LiveRecord(source, given, undefined, 0), 0, undefined, ROOT_CONTEXT, 0);
    target.send(new LiveRecord(source, given, undefined, 0), 0, ofBurst, ROOT_CONTEXT, 0);
    expect(got[0]!.record).toBe(given);
    // The SDK's attribute limit drops the last ones.
    expect(Object.entries(got[1]!.record.attributes as object)).toEqual([
      ['burst.id', 'id'],
      ['burst.sequence', 2],
      ['user', 'ann'],
    ]);
    expect(asked).toEqual([]);
  });

  test('that refuses a released record has it counted as refused, with a warning', () => {
    const { got, held, target } = build({ enabled: false });
    target.send(held('quiet'), 1, ofBurst, undefined, 0);
    expect(got).toEqual([]);
    expect(target.counts()).toEqual({ delivered: 0, failed: { provider: 0, refused: 1 }, pending: 0 });
    expect(warnings).toEqual([
      expect.stringMatching(/^test: 1 released record was lost: the wrapped provider /),
    ]);
  });

  test('that throws has the record counted as failed, also a recovered one', () => {
    const { held, target } = build({ throws: true });
    target.send(held('quiet'), 1, ofBurst, undefined, 0);
    target.sendRecovered(aRecord('recovered'));
    expect(target.counts()).toEqual({ delivered: 0, failed: { provider: 2, refused: 0 }, pending: 0 });
    expect(warnings).toEqual(['test: 1 record was lost: the wrapped provider threw Error: broken']);
  });

  test('receives a recovered record from its original logger, with its times and its process id', () => {
    const { got, target } = build();
    const record = aRecord('recovered', {
      ...{ eventName: 'cart.read', spanContext: spanContext('a'), attributes: { user: 'ann' } },
      resource: { attributes: { 'process.pid': 4_711 } },
    });
    target.sendRecovered(record);
    target.sendRecovered({
      ...record,
      instrumentationScope: { name: 'db', schemaUrl: 'x' },
      resource: { attributes: {} },
    });
    expect(got.map(({ logger }) => logger)).toEqual([
      ['app', '1.0', {}],
      ['db', undefined, { schemaUrl: 'x' }],
    ]);
    expect(got[0]!.record).toMatchObject({
      ...{ body: 'recovered', eventName: 'cart.read', severityNumber: 5, severityText: 'DEBUG' },
      ...{ timestamp: record.hrTime, observedTimestamp: record.hrTimeObserved },
      attributes: { user: 'ann', 'process.pid': 4_711 },
    });
    expect(got[1]!.record.attributes).toEqual({ user: 'ann' });
    expect(trace.getSpanContext(got[0]!.record.context as never)).toEqual(spanContext('a'));
    expect(releaseOf(got[0]!.record.context as never)).toBeDefined();
    expect(target.counts().delivered).toBe(2);
  });

  test('has one logger for manifests and summaries', () => {
    const { clock, got, held, target } = build();
    const { items } = target;
    const origin = items.originOf(Object.assign(held('first'), { spanContext: spanContext('a') }));
    const limited = { bursts: 1, records: 2, firstTime: 0, lastTime: 0, origin } as never;
    const [one, other] = [items.summaryOf(limited, undefined), items.summaryOf(limited, undefined)];
    expect(one.source).toBe(other.source);
    expect([one.spanContext, one.timeOf(0), origin.spanContext]).toEqual([
      ...[undefined, clock.now(), spanContext('a')],
    ]);
    target.send(one, 0, undefined, undefined, 0);
    expect(got[0]).toMatchObject({ logger: ['burstlog'], record: { eventName: 'burst.limited' } });
  });

  test('reuses a held record that was dropped, unless it has details', () => {
    const { held, records, source, target } = build();
    const [plain, detailed] = [held('plain'), held('detailed', { eventName: 'x' })];
    target.items.dropped(detailed);
    target.items.dropped(plain);
    expect(records.take(source)).toBe(plain);
    expect(plain.body).toBeUndefined();
    expect([plain, detailed]).not.toContain(records.take(source));
    expect([target.items.rankOf(plain), target.items.timeOf(plain, 1_000)]).toEqual([5, 1_000]);
    expect([target.bytes, target.dropQuietest(), target.undelivered()]).toEqual([0, false, []]);
  });
});

describe('the wrapped component', () => {
  function build(forceFlush: () => Promise<unknown>, shutdown: () => Promise<unknown> = async () => {}) {
    const clock = new ManualClock();
    const downstream = new Downstream(
      'the part',
      { forceFlush, shutdown },
      clock,
      new RateLimitedWarnings('test', clock),
    );
    return { clock, downstream };
  }

  test.each<[Trouble, string]>([
    ['rejects', "the part's forceFlush() failed: Error: it rejected"],
    ['throws', "the part's forceFlush() failed: Error: it threw"],
    ['hangs', "the part's forceFlush() took longer than 30000 ms"],
  ])('that %s when flushed is awaited for at most 30 s, and logged', async (trouble, message) => {
    const { clock, downstream } = build(() => inTrouble(trouble));
    const flushed = downstream.flush();
    await turn();
    if (trouble === 'hangs') {
      clock.advance(29_999);
      await turn();
      expect(warnings).toEqual([]);
    }
    clock.advance(1);
    await flushed;
    expect(warnings).toEqual([`test: ${message}`]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('is shut down once, within the timeout of the first call, and not flushed afterwards', async () => {
    let flushes = 0;
    let shutdowns = 0;
    const { clock, downstream } = build(
      async () => {
        flushes += 1;
      },
      () => {
        shutdowns += 1;
        return inTrouble('hangs');
      },
    );
    const ended = downstream.shutdown(500);
    expect(downstream.shutdown(9_000)).toBe(ended);
    const flushed = downstream.flush();
    await turn();
    clock.advance(500);
    await Promise.all([ended, flushed]);
    expect([shutdowns, flushes, warnings]).toEqual([
      1,
      0,
      ["test: the part's shutdown() took longer than 500 ms"],
    ]);
  });

  test('that flushes and shuts down without error is not logged', async () => {
    const { clock, downstream } = build(async () => {});
    await downstream.flush();
    await downstream.shutdown(500);
    expect([warnings, clock.pendingTimers]).toEqual([[], 0]);
  });
});
