import { BurstLogRecordProcessor, type ReadableLogRecordLike } from '../../src/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { expectAccountsBalance } from '../support/pipeline.ts';

const HELD = 50;
const MINUTE = 60_000;
/** Milliseconds between two errors: records are held six times as fast as they may be released. */
const BETWEEN = 4;
/** What `limit` admits in a minute that starts with a full bucket: the bucket, and its refill. */
const ALLOWED = 60_000 + 60_000;

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function recordOf(
  traceId: string,
  severityNumber: number,
  body: string,
  attributes: object,
): ReadableLogRecordLike {
  return {
    hrTime: [0, 0],
    hrTimeObserved: [0, 0],
    severityNumber,
    body,
    spanContext: { traceId, spanId: '00f067aa0ba902b7', traceFlags: 1 },
    resource: { attributes: {} },
    instrumentationScope: { name: 'shop' },
    attributes,
    droppedAttributesCount: 0,
  };
}

/** An exception as the SDK writes it: identified by its frames, not by its message. */
function exceptionOf(type: string, at: number) {
  return {
    'exception.type': type,
    'exception.message': `order ${at} failed`,
    'exception.stacktrace': `${type}: order ${at} failed\n    at fail${type} (/app/orders.js:${at}:7)`,
  };
}

/**
 * An error every few milliseconds for a minute, each after 50 quiet records; one per second of another kind.
 */
async function storm() {
  const clock = new ManualClock();
  const arrived: ReadableLogRecordLike[] = [];
  const exporter = {
    export(records: ReadableLogRecordLike[], callback: (result: { code: number }) => void) {
      arrived.push(...records);
      callback({ code: 0 });
    },
    shutdown: async () => {},
  };
  const burst = new BurstLogRecordProcessor({ exporter, clock });
  const rareTraces: string[] = [];
  const fail = (at: number, type: string) => {
    const traceId = (rareTraces.length * 1e6 + at + 1).toString(16).padStart(32, '0');
    for (let count = 0; count < HELD; count += 1) burst.onEmit(recordOf(traceId, 5, 'step', {}));
    burst.onEmit(recordOf(traceId, 17, `order ${at} failed`, exceptionOf(type, at)));
    return traceId;
  };
  for (let at = 0; at < MINUTE; at += BETWEEN) {
    fail(at, 'StormError');
    if (at % 1_000 === 500) rareTraces.push(fail(at, `RareError${String.fromCharCode(65 + at / 1_000)}`));
    clock.advance(BETWEEN);
    if (at % 100 === 0) await turn();
  }
  await burst.shutdown();
  return { arrived, rareTraces, stats: burst.stats() };
}

describe('in a storm of 15,000 errors of one kind in a minute', () => {
  let outcome: Awaited<ReturnType<typeof storm>>;
  beforeAll(async () => {
    outcome = await storm();
  }, 60_000);

  const released = (traceId: string) =>
    outcome.arrived.filter(
      (record) =>
        record.spanContext?.traceId === traceId && record.attributes['burst.sequence'] !== undefined,
    );

  test('every error of another kind releases all of its records', () => {
    expect(outcome.rareTraces).toHaveLength(60);
    expect(outcome.rareTraces.map((traceId) => released(traceId).length)).toEqual(Array(60).fill(HELD));
  });

  test('every error arrives, and little else beyond the limit', () => {
    const errors = outcome.arrived.filter((record) => record.severityNumber === 17);
    expect(errors).toHaveLength(MINUTE / BETWEEN + 60);
    expect(outcome.arrived.length).toBeLessThanOrEqual((errors.length + ALLOWED) * 1.01);
    expectAccountsBalance(outcome.stats);
  });

  test('there is a manifest for a whole burst only', () => {
    const sizes = outcome.arrived
      .filter((record) => record.eventName === 'burst.released')
      .map((manifest) => manifest.attributes['burst.released']);
    expect(sizes.length).toBeGreaterThan(600);
    expect(new Set(sizes)).toEqual(new Set([HELD]));
    expect(outcome.stats.released).toBe(sizes.length * HELD);
  });
});
