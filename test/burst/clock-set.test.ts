import { SpanStatusCode } from '@opentelemetry/api';
import { BurstLogRecordProcessor } from '../../src/burst/burst-log-record-processor.ts';
import type { BurstExporterOptions } from '../../src/burst/options.ts';
import { FRONTS, type pipeline, pipelineOf, traceIdOf } from '../support/pipeline.ts';

/** An exporter whose results are set by the test; by default it never calls back. */
class Exporter {
  readonly attempts: number[] = [];
  answer: ((callback: (result: { code: number; error?: Error }) => void) => void) | undefined;

  export(_records: unknown[], callback: (result: { code: number; error?: Error }) => void): void {
    this.attempts.push(this.attempts.length);
    this.answer?.(callback);
  }

  shutdown(): Promise<void> {
    return new Promise(() => {});
  }
}

const unavailable = (callback: (result: { code: number; error?: Error }) => void) =>
  callback({ code: 1, error: Object.assign(new Error('unavailable'), { code: 14 }) });

type Line = ReturnType<typeof pipeline>;
interface Scenario {
  readonly options: Partial<BurstExporterOptions>;
  /** Sets up a scenario. @returns the expected state before and after the time has elapsed */
  readonly begin: (line: Line, exporter: Exporter) => () => unknown;
  readonly millis: number;
  readonly before: unknown;
  readonly after: unknown;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** For each option: what must happen when its time has elapsed, and not earlier. */
const scenarios: Record<string, Scenario> = {
  maxAgeMillis: {
    options: { maxAgeMillis: 4_000, idleMillis: 1e9 },
    begin: ({ log, burst }) => {
      log('DEBUG', 'quiet');
      return () => burst.stats().evicted.age;
    },
    millis: 5_000,
    before: 0,
    after: 1,
  },
  idleMillis: {
    options: { idleMillis: 4_000 },
    begin: ({ log, burst }) => {
      log('DEBUG', 'quiet', { traceName: 'a' });
      return () => burst.stats().evicted.idle;
    },
    millis: 5_000,
    before: 0,
    after: 1,
  },
  maxDelayMillis: {
    options: { order: 'chronological', maxDelayMillis: 5_000, delivery: { scheduledDelayMillis: 1e9 } },
    begin: ({ log, burst }) => {
      log('DEBUG', 'quiet');
      log('INFO', 'loud');
      return () => burst.stats().discarded;
    },
    millis: 5_000,
    before: 0,
    after: 1,
  },
  'after.millis': {
    options: { after: { millis: 5_000 } },
    begin: ({ log, burst }) => {
      log('ERROR', 'failed');
      return () => {
        log('DEBUG', 'quiet');
        return burst.stats().holding;
      };
    },
    millis: 5_000,
    before: 0,
    after: 1,
  },
  'limit.millis': {
    options: { limit: { records: 1, millis: 5_000, reserve: 0 }, after: { millis: 1e9 } },
    begin: ({ log, burst }) => {
      log('ERROR', 'failed');
      log('DEBUG', 'passes');
      return () => {
        log('DEBUG', 'passes when there is a token');
        return burst.stats().passed;
      };
    },
    millis: 5_000,
    before: 1,
    after: 2,
  },
  lingerMillis: {
    options: {},
    begin: ({ log, burst }) => {
      const spans = burst.spanProcessor({ lingerMillis: 5_000 });
      const spanContext = { traceId: traceIdOf('a'), spanId: '00f067aa0ba902b7', traceFlags: 1 };
      const span = {
        spanContext: () => spanContext,
        status: { code: SpanStatusCode.UNSET },
        duration: [0, 0],
      };
      spans.onStart(span, undefined as never);
      log('DEBUG', 'quiet', { traceName: 'a' });
      spans.onEnd(span);
      return () => burst.stats().discarded;
    },
    millis: 5_000,
    before: 0,
    after: 1,
  },
  scheduledDelayMillis: {
    options: { delivery: { scheduledDelayMillis: 5_000 } },
    begin: ({ log }, { attempts }) => {
      log('INFO', 'loud');
      return () => attempts.length;
    },
    millis: 5_000,
    before: 0,
    after: 1,
  },
  exportTimeoutMillis: {
    options: { delivery: { exportTimeoutMillis: 5_000, retry: false } },
    begin: ({ log, burst }) => {
      log('ERROR', 'failed');
      return () => burst.stats().failed.timeout;
    },
    millis: 5_000,
    before: 0,
    after: 1,
  },
  shutdownTimeoutMillis: {
    options: { delivery: { shutdownTimeoutMillis: 5_000, retry: false } },
    begin: ({ log, burst }) => {
      log('ERROR', 'failed');
      let ended = false;
      void burst.shutdown().then(() => {
        ended = true;
      });
      return () => ended;
    },
    millis: 5_000,
    before: false,
    after: true,
  },
  flushTimeoutMillis: {
    options: { flushTimeoutMillis: 5_000, delivery: { retry: false } },
    begin: ({ log, burst }) => {
      log('ERROR', 'failed');
      let ended = false;
      void burst.forceFlush().then(() => {
        ended = true;
      });
      return () => ended;
    },
    millis: 5_000,
    before: false,
    after: true,
  },
  attemptTimeoutMillis: {
    options: { delivery: { retry: { attemptTimeoutMillis: 4_000, initialBackoffMillis: 1_000, jitter: 0 } } },
    begin: ({ log }, { attempts }) => {
      log('ERROR', 'failed');
      return () => attempts.length;
    },
    millis: 5_000,
    before: 1,
    after: 2,
  },
  initialBackoffMillis: {
    options: { delivery: { retry: { initialBackoffMillis: 5_000, jitter: 0 } } },
    begin: ({ log }, exporter) => {
      exporter.answer = unavailable;
      log('ERROR', 'failed');
      return () => exporter.attempts.length;
    },
    millis: 5_000,
    before: 1,
    after: 2,
  },
  maxBackoffMillis: {
    options: {
      delivery: {
        retry: { initialBackoffMillis: 1_000, backoffMultiplier: 100, maxBackoffMillis: 4_000, jitter: 0 },
      },
    },
    begin: ({ log }, exporter) => {
      exporter.answer = unavailable;
      log('ERROR', 'failed');
      return () => exporter.attempts.length >= 3;
    },
    millis: 5_000,
    before: false,
    after: true,
  },
  maxElapsedMillis: {
    options: { delivery: { retry: { maxElapsedMillis: 5_000, initialBackoffMillis: 1_000, jitter: 0 } } },
    begin: ({ log, burst }, exporter) => {
      exporter.answer = unavailable;
      log('ERROR', 'failed');
      return () => burst.stats().failed.export;
    },
    millis: 5_000,
    before: 0,
    after: 1,
  },
};

describe.each(FRONTS)('%s', (front) => {
  const pipeline = pipelineOf(front);

  describe.each([
    ['set back by an hour', -3_600_000],
    ['set forward by an hour', 3_600_000],
  ])('with the system clock %s', (_what, shiftMillis) => {
    const ours = Object.entries(scenarios).filter(
      ([, { options }]) => front === 'processor' || options.delivery === undefined,
    );
    test.each(ours)('%s is kept', async (_option, scenario) => {
      const exporter = new Exporter();
      const line = pipeline({ exporter, ...scenario.options });
      const { clock } = line;
      const seen = scenario.begin(line, exporter);
      // A timer that fires may arm the next one a few turns later; nothing else happens in between.
      const settled = async () => {
        for (let turns = 0; turns < 5; turns += 1) await turn();
      };
      await settled();
      clock.setForward(shiftMillis);
      expect(seen()).toBe(scenario.before);
      for (let passed = 0; passed < scenario.millis - 100; passed += 100) {
        clock.advance(100);
        await settled();
      }
      clock.setForward(shiftMillis);
      expect(seen()).toBe(scenario.before);
      clock.advance(100);
      await settled();
      expect(seen()).toBe(scenario.after);
    });

    test('an error one millisecond later releases the held records', async () => {
      const { log, clock, bodies } = pipeline();
      for (const body of ['1', '2', '3']) log('DEBUG', body);
      clock.setForward(shiftMillis);
      clock.advance(1);
      log('ERROR', 'failed');
      expect(await bodies()).toEqual(['failed', '1', '2', '3']);
    });
  });
});

test('every option in milliseconds has its scenario', () => {
  const names = (wrong: object): string[] => {
    try {
      new BurstLogRecordProcessor({ exporter: new Exporter(), ...wrong });
    } catch (error) {
      return (error as Error).message.split('known names: ')[1]!.split(', ');
    }
    throw new Error('an unknown option was accepted');
  };
  const options = [
    ...names({ unknown: 1 }),
    ...names({ delivery: { unknown: 1 } }),
    ...names({ delivery: { retry: { unknown: 1 } } }),
    ...names({ after: { unknown: 1 } }).map((name) => `after.${name}`),
    ...names({ limit: { unknown: 1 } }).map((name) => `limit.${name}`),
  ].filter((name) => /millis$/i.test(name));
  expect(options.length).toBeGreaterThan(8);
  expect(options.filter((name) => scenarios[name] === undefined)).toEqual([]);
});
