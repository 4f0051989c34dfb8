/**
 * The edges of a retry: the last millisecond, an answer that comes too late, and who is asked to keep the
 * process.
 */
import { diag } from '@opentelemetry/api';
import { RetryingLogRecordExporter, type RetryingLogRecordExporterOptions } from '../../src/export/index.ts';
import type {
  ExporterFlushOptionsLike,
  ExportResultLike,
  LogRecordExporterLike,
} from '../../src/record/index.ts';
import { turn } from '../support/delivery-pipeline.ts';
import { listen } from '../support/diag-listener.ts';
import { failure, type Respond, SUCCESS } from '../support/exporters.ts';
import { ManualClock } from '../support/manual-clock.ts';

let warnings: string[];

beforeEach(() => {
  warnings = [];
  listen((message) => void warnings.push(message));
});
afterEach(() => diag.disable());

const unavailable = failure('14 UNAVAILABLE', 14);

/** Keeps the callback of every attempt, and the options of flush and shutdown. */
class HeldAttempts implements LogRecordExporterLike {
  readonly attempts: Respond[] = [];
  readonly asked: unknown[] = [];

  export(_records: unknown[], respond: Respond): unknown {
    this.attempts.push(respond);
    return undefined;
  }

  async forceFlush(options?: ExporterFlushOptionsLike): Promise<void> {
    this.asked.push(['forceFlush', options]);
  }

  async shutdown(options?: ExporterFlushOptionsLike): Promise<void> {
    this.asked.push(['shutdown', options]);
  }
}

function build(given: Partial<RetryingLogRecordExporterOptions> = {}) {
  const clock = new ManualClock();
  const inner = new HeldAttempts();
  const exporter = new RetryingLogRecordExporter({ exporter: inner, clock, jitter: 0, ...given });
  const results: ExportResultLike[] = [];
  exporter.export(['a record'], (result) => results.push(result));
  return {
    ...{ clock, exporter, inner, results },
    /** Calls back for the last attempt. */
    answer: (result: ExportResultLike) => inner.attempts.at(-1)!(result),
    message: () => results[0]?.error?.message,
  };
}

describe('the time for retries', () => {
  const asksFor = (afterMillis: number) => ({ isRetryable: () => ({ afterMillis }) });

  test('ends with the last millisecond in which an attempt can start', () => {
    const { answer, clock, inner, message } = build({ maxElapsedMillis: 1_000, initialBackoffMillis: 999 });
    answer(unavailable);
    clock.advance(999);
    expect(inner.attempts).toHaveLength(2);
    answer(unavailable);
    // One millisecond remains: it is waited for, and then a last attempt is made.
    clock.advance(1);
    expect(inner.attempts).toHaveLength(3);
    answer(unavailable);
    expect(message()).toBe(
      'export of 1 records failed (attempt 3, Error: 14 UNAVAILABLE); no further attempt: maxElapsedMillis (1000) has elapsed',
    );
  });

  test('is enough for a server that requests all of it, and not for one millisecond more', () => {
    const enough = build({ maxElapsedMillis: 5_000, ...asksFor(5_000) });
    enough.answer(unavailable);
    enough.clock.advance(5_000);
    expect(enough.inner.attempts).toHaveLength(2);
    const tooLong = build({ maxElapsedMillis: 5_000, ...asksFor(5_001) });
    tooLong.answer(unavailable);
    expect(tooLong.message()).toContain('the server requested a wait of 5001 ms, but only 5000 ms remain');
  });

  test('is used up by attempts as well as by waits', () => {
    const { answer, clock, inner, message } = build({ maxElapsedMillis: 5_000, initialBackoffMillis: 1_000 });
    clock.advance(3_000);
    answer(unavailable);
    clock.advance(1_000);
    expect(inner.attempts).toHaveLength(2);
    clock.advance(600);
    answer(unavailable);
    // 400 ms remain, and the wait is not longer than that.
    clock.advance(399);
    expect(inner.attempts).toHaveLength(2);
    clock.advance(1);
    expect(inner.attempts).toHaveLength(3);
    answer(unavailable);
    expect(message()).toContain('(attempt 3, ');
  });

  test('is not used up by the part of a wait that a flush has skipped', () => {
    const { answer, clock, exporter, inner } = build({ maxElapsedMillis: 5_000 });
    clock.advance(3_000);
    answer(unavailable);
    clock.advance(200);
    void exporter.forceFlush({ timeoutMillis: 60_000 });
    expect(inner.attempts).toHaveLength(2);
    answer(unavailable);
    // 1,800 ms remain, which is more than the wait of 1,500.
    clock.advance(1_499);
    expect(inner.attempts).toHaveLength(2);
    clock.advance(1);
    expect(inner.attempts).toHaveLength(3);
  });

  test('of 0 makes one attempt', () => {
    const { answer, inner, message } = build({ maxElapsedMillis: 0 });
    answer(unavailable);
    expect(inner.attempts).toHaveLength(1);
    expect(message()).toContain('no further attempt: maxElapsedMillis (0) has elapsed');
  });

  test.each([
    ['a negative wait', -5],
    ['a wait that is no number', Number.NaN],
    ['no wait', 0],
  ])('includes the wait of the back-off if isRetryable returns %s; a flush may end it', (_name, wait) => {
    const { answer, clock, exporter, inner } = build(asksFor(wait));
    answer(unavailable);
    clock.advance(999);
    expect(inner.attempts).toHaveLength(1);
    void exporter.forceFlush();
    expect(inner.attempts).toHaveLength(2);
  });
});

describe('a flush', () => {
  test('during a wait ends that wait: the next one has its full length', () => {
    const { answer, clock, exporter, inner } = build();
    answer(unavailable);
    clock.advance(500);
    void exporter.forceFlush({ timeoutMillis: 60_000 });
    expect(inner.attempts).toHaveLength(2);
    answer(unavailable);
    clock.advance(1_499);
    expect(inner.attempts).toHaveLength(2);
    clock.advance(1);
    expect(inner.attempts).toHaveLength(3);
  });

  test('flushes the exporter at once and again after its exports, with the timeout and without keeping the process alive', async () => {
    const { answer, exporter, inner } = build();
    const flushed = exporter.forceFlush({ timeoutMillis: 700 });
    expect(inner.asked).toEqual([['forceFlush', { timeoutMillis: 700, keepsAlive: false }]]);
    answer(SUCCESS);
    await flushed;
    expect(inner.asked).toHaveLength(2);
    expect(inner.asked[1]).toEqual(inner.asked[0]);
    expect(warnings).toEqual([]);
  });

  test.each([
    ['is', undefined, true],
    ['is', { keepsAlive: true }, true],
    ['is not', { keepsAlive: false }, false],
  ])('%s a reason for the process to stay alive if the caller passes %j', async (_is, options, expected) => {
    const kept: unknown[] = [];
    const time = new ManualClock();
    const clock = {
      now: () => time.now(),
      monotonicNow: () => time.monotonicNow(),
      after: (millis: number, callback: () => void, keepsAlive?: boolean) => {
        if (millis === 10_000) kept.push(keepsAlive);
        return time.after(millis, callback);
      },
    };
    const { answer, exporter } = build({ clock });
    const flushed = exporter.forceFlush(options);
    answer(SUCCESS);
    await flushed;
    expect(kept).toEqual([expected]);
  });
});

describe('shutdown()', () => {
  test.each([
    ['keeps', undefined, true],
    ['does not keep', { keepsAlive: false }, false],
  ])(
    '%s the process alive if its caller passes %j, and passes that on',
    async (_keeps, options, keepsAlive) => {
      const { answer, exporter, inner } = build();
      answer(SUCCESS);
      await exporter.shutdown(options);
      expect(inner.asked).toEqual([['shutdown', { keepsAlive }]]);
    },
  );

  test('waits for an attempt in progress at most for attemptTimeoutMillis', async () => {
    const { clock, exporter, inner, results } = build({ attemptTimeoutMillis: 3_000 });
    const ended = exporter.shutdown();
    await turn();
    clock.advance(2_999);
    await turn();
    expect(inner.asked).toEqual([]);
    clock.advance(1);
    await ended;
    expect(inner.asked).toHaveLength(1);
    expect(results[0]?.error?.message).toContain('no further attempt: the exporter was shut down');
    expect([inner.attempts.length, clock.pendingTimers]).toEqual([1, 0]);
  });
});

describe('an attempt', () => {
  test('that calls back after the result changes nothing and is not logged', () => {
    const { clock, exporter, inner, results } = build({ maxElapsedMillis: 0 });
    clock.advance(exporter.worstCaseMillis);
    expect(results).toHaveLength(1);
    inner.attempts[0]!(SUCCESS);
    inner.attempts[0]!(unavailable);
    expect([results.length, warnings, clock.pendingTimers]).toEqual([1, [], 0]);
  });

  test('that fails after the late success of an earlier attempt is not retried', () => {
    const { clock, inner, results } = build();
    // The first attempt times out, and the second one starts after a second.
    clock.advance(31_000);
    const [first, second] = inner.attempts;
    first!(SUCCESS);
    second!(unavailable);
    clock.advance(3_600_000);
    expect([results, inner.attempts.length, clock.pendingTimers]).toEqual([[SUCCESS], 2, 0]);
  });

  test('that calls back in time leaves no timer', () => {
    const { answer, clock, inner, results } = build();
    answer(failure('3 INVALID_ARGUMENT', 3));
    expect([results.length, clock.pendingTimers]).toEqual([1, 0]);
    clock.advance(3_600_000);
    expect(inner.attempts).toHaveLength(1);
  });

  test('exports the same records as the previous one, and none is made after the result', () => {
    const given: unknown[][] = [];
    const exporter = {
      export: (records: unknown[], respond: Respond) => {
        given.push([...records]);
        respond(given.length < 3 ? unavailable : SUCCESS);
      },
      shutdown: async () => {},
    };
    const { clock, results } = build({ exporter });
    clock.advance(10_000);
    expect(given).toEqual([['a record'], ['a record'], ['a record']]);
    expect(results).toEqual([SUCCESS]);
  });

  test.each([
    ['an error', new Error('offline'), 'Error: offline'],
    ['a text', 'offline', 'offline'],
  ])('of an async export() that rejects with %s has failed', async (_name, reason, text) => {
    const exporter = { export: () => Promise.reject(reason), shutdown: async () => {} };
    const asked: unknown[] = [];
    const isRetryable = (error: unknown) => {
      asked.push(error);
      return false;
    };
    const { clock, results } = build({ exporter, isRetryable });
    await turn();
    expect(results).toHaveLength(1);
    expect(String(results[0]!.error)).toContain(text);
    expect(asked).toEqual([results[0]!.error]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('of an async export() that rejects after it has called back counts with its result', async () => {
    const exporter = {
      export: (_records: unknown[], respond: Respond) => {
        respond(SUCCESS);
        return Promise.reject(new Error('afterwards'));
      },
      shutdown: async () => {},
    };
    const { results } = build({ exporter });
    await turn();
    expect([results, warnings]).toEqual([[SUCCESS], []]);
  });
});
