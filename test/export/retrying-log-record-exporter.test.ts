import * as grpc from '@grpc/grpc-js';
import {
  context,
  createContextKey,
  type DiagLogger,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import {
  BatchLogRecordProcessor,
  InMemoryLogRecordExporter,
  LoggerProvider,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import fc from 'fast-check';
import { RetryingLogRecordExporter, type RetryingLogRecordExporterOptions } from '../../src/export/index.ts';
import {
  EXPORT_FAILED,
  EXPORT_SUCCESS,
  type ExportResultLike,
  type LogRecordExporterLike,
} from '../../src/record/index.ts';
import { ManualClock } from '../support/manual-clock.ts';

const SUCCESS: ExportResultLike = { code: EXPORT_SUCCESS };
const unavailable = (afterMillis?: number): ExportResultLike => ({
  code: EXPORT_FAILED,
  error: Object.assign(new Error('14 UNAVAILABLE: away'), {
    code: 14,
    metadata: { get: () => (afterMillis === undefined ? [] : [retryInfoStatus(afterMillis)]) },
  }),
});
const refused: ExportResultLike = {
  code: EXPORT_FAILED,
  error: Object.assign(new Error('3 INVALID_ARGUMENT: no'), { code: 3 }),
};

/** google.rpc.Status with the detail RetryInfo; every length here is below 128, one byte. */
function retryInfoStatus(millis: number): Buffer {
  const field = (number: number, value: Buffer) =>
    Buffer.concat([Buffer.from([number * 8 + 2, value.length]), value]);
  const varint = (value: number): number[] =>
    value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
  const seconds = Math.floor(millis / 1000);
  const duration = Buffer.from([8, ...varint(seconds), 16, ...varint((millis - seconds * 1000) * 1e6)]);
  const url = Buffer.from('type.googleapis.com/google.rpc.RetryInfo');
  return field(3, Buffer.concat([field(1, url), field(2, field(1, duration))]));
}

function realRecords(count: number): ReadableLogRecord[] {
  const memory = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: memory })] });
  for (let i = 0; i < count; i++) provider.getLogger('test').emit({ body: `record ${i}` });
  return memory.getFinishedLogRecords();
}

type Respond = (result: ExportResultLike) => void;

/** An exporter with a script: one step per attempt, the last one for all further attempts. */
class ScriptedExporter implements LogRecordExporterLike {
  attempts = 0;
  flushes = 0;
  shutdowns = 0;
  readonly #steps: ((respond: Respond) => void)[];

  constructor(...steps: (ExportResultLike | ((respond: Respond) => void))[]) {
    this.#steps = steps.map((step) => (typeof step === 'function' ? step : (respond) => respond(step)));
  }

  export(_records: unknown[], resultCallback: Respond): void {
    const step = this.#steps[Math.min(this.attempts, this.#steps.length - 1)];
    this.attempts += 1;
    step?.(resultCallback);
  }

  async forceFlush(): Promise<void> {
    this.flushes += 1;
  }

  async shutdown(): Promise<void> {
    this.shutdowns += 1;
  }
}

/** Wraps a real exporter, so that a test can wait until an attempt was answered and handled. */
class WatchedExporter implements LogRecordExporterLike {
  answers = 0;
  readonly #exporter: LogRecordExporterLike;
  #waiters: { readonly answers: number; readonly resolve: () => void }[] = [];

  constructor(exporter: LogRecordExporterLike) {
    this.#exporter = exporter;
  }

  answered(answers: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ answers, resolve });
      this.#wake();
    });
  }

  export(records: unknown[], resultCallback: Respond): void {
    this.#exporter.export(records, (result) => {
      resultCallback(result);
      this.answers += 1;
      this.#wake();
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  #wake(): void {
    for (const { answers, resolve } of this.#waiters) if (this.answers >= answers) resolve();
    this.#waiters = this.#waiters.filter(({ answers }) => this.answers < answers);
  }
}

const closers: (() => unknown)[] = [];
let warnings: string[];

beforeEach(() => {
  warnings = [];
  const ignore = () => {};
  const logger: DiagLogger = {
    error: ignore,
    warn: (...words) => void warnings.push(words.join(' ')),
    info: ignore,
    debug: ignore,
    verbose: ignore,
  };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  diag.disable();
});

type Answer = 'ok' | Buffer | Partial<grpc.StatusObject>;

/**
 * A real OTLP/gRPC server that answers call after call as messages, with the last answer for all that follow.
 */
async function grpcServer(answers: Answer[], port = 0) {
  const server = new grpc.Server();
  const state = { calls: 0, port: 0 };
  const same = (bytes: Buffer) => bytes;
  const method = {
    path: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  const handler: grpc.handleUnaryCall<Buffer, Buffer> = (_call, callback) => {
    const answer = answers[Math.min(state.calls, answers.length - 1)] ?? 'ok';
    state.calls += 1;
    if (answer === 'ok') callback(null, Buffer.alloc(0));
    else if (Buffer.isBuffer(answer)) callback(null, answer);
    else callback(answer, null);
  };
  server.addService({ Export: method }, { Export: handler });
  state.port = await new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  closers.push(() => server.forceShutdown());
  return state;
}

function grpcExporter(port: number, concurrencyLimit = 30): WatchedExporter {
  return new WatchedExporter(new OTLPLogExporter({ url: `http://127.0.0.1:${port}`, concurrencyLimit }));
}

function withRetryInfo(code: number, millis: number): Partial<grpc.StatusObject> {
  const metadata = new grpc.Metadata();
  metadata.set('grpc-status-details-bin', retryInfoStatus(millis));
  return { code, details: 'full', metadata };
}

/** Without jitter, and closed after the test. */
function retrying(options: RetryingLogRecordExporterOptions): RetryingLogRecordExporter {
  const exporter = new RetryingLogRecordExporter({ jitter: 0, ...options });
  closers.push(() => exporter.shutdown());
  return exporter;
}

function deliver(
  exporter: LogRecordExporterLike,
  records: unknown[] = realRecords(3),
): Promise<ExportResultLike> {
  return new Promise((resolve) => exporter.export(records, resolve));
}

/** Starts an export and keeps every result it gives. */
function deliverAndKeep(exporter: LogRecordExporterLike): ExportResultLike[] {
  const results: ExportResultLike[] = [];
  exporter.export(['a record'], (result) => results.push(result));
  return results;
}

describe('over OTLP/gRPC', () => {
  test('a batch exported while the server is down is delivered when it is up again', async () => {
    const before = new grpc.Server();
    const port = await new Promise<number>((resolve, reject) => {
      before.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    before.forceShutdown();
    const watched = grpcExporter(port);
    const result = deliver(retrying({ exporter: watched, initialBackoffMillis: 50, maxBackoffMillis: 50 }));
    await watched.answered(2);
    const server = await grpcServer(['ok'], port);
    expect(await result).toEqual(SUCCESS);
    expect(server.calls).toBe(1);
  });

  test('a batch refused as UNAVAILABLE twice is delivered once, at the third call', async () => {
    const server = await grpcServer([{ code: 14 }, { code: 14 }, 'ok']);
    const exporter = retrying({ exporter: grpcExporter(server.port), initialBackoffMillis: 1 });
    expect(await deliver(exporter)).toEqual(SUCCESS);
    expect(server.calls).toBe(3);
  });

  test.each([14, 8])('the wait of RetryInfo is observed (code %d)', async (code) => {
    const clock = new ManualClock();
    const server = await grpcServer([withRetryInfo(code, 20_500), 'ok']);
    const watched = grpcExporter(server.port);
    const result = deliver(retrying({ exporter: watched, clock }));
    await watched.answered(1);
    clock.advance(20_499);
    expect(watched.answers + clock.pendingTimers).toBe(2);
    clock.advance(1);
    expect(await result).toEqual(SUCCESS);
    expect(server.calls).toBe(2);
  });

  test('a server that requests a longer wait than the remaining time ends the retries at once', async () => {
    const server = await grpcServer([withRetryInfo(14, 600_000)]);
    const result = await deliver(retrying({ exporter: grpcExporter(server.port), clock: new ManualClock() }));
    expect(result.error?.message).toContain(
      'the server requested a wait of 600000 ms, but only 300000 ms remain',
    );
    expect(server.calls).toBe(1);
  });

  test.each([3, 5, 7, 8, 12, 13, 16])('a permanent refusal is passed on as it is (code %d)', async (code) => {
    const server = await grpcServer([{ code, details: 'no' }]);
    const result = await deliver(retrying({ exporter: grpcExporter(server.port) }));
    expect(result).toMatchObject({ code: EXPORT_FAILED, error: { code, details: 'no' } });
    expect(server.calls).toBe(1);
  });

  test('partial success is success and is not sent again', async () => {
    const twoRejected = Buffer.from([0x0a, 0x02, 0x08, 0x02]);
    const server = await grpcServer([twoRejected, 'ok']);
    expect(await deliver(retrying({ exporter: grpcExporter(server.port) }))).toEqual(SUCCESS);
    expect(server.calls).toBe(1);
  });

  test('an export over the concurrency limit of the exporter is delivered after the others', async () => {
    const server = await grpcServer(['ok']);
    const exporter = retrying({ exporter: grpcExporter(server.port, 1), initialBackoffMillis: 1 });
    const results = await Promise.all([deliver(exporter), deliver(exporter), deliver(exporter)]);
    expect(results).toEqual([SUCCESS, SUCCESS, SUCCESS]);
    expect(server.calls).toBe(3);
  });

  test("the SDK's own batch processor delivers through it records that it would lose", async () => {
    const server = await grpcServer([{ code: 14 }, 'ok']);
    const exporter = retrying({ exporter: grpcExporter(server.port), initialBackoffMillis: 1 });
    const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
    provider.getLogger('test').emit({ body: 'kept' });
    await provider.forceFlush();
    expect(server.calls).toBe(2);
    await provider.shutdown();
  });
});

describe('the waits', () => {
  test('grow by the multiplier up to the longest, and the last attempt is at maxElapsedMillis', () => {
    const clock = new ManualClock();
    const startMillis = clock.now();
    const at: number[] = [];
    const exporter = new ScriptedExporter((respond) => {
      at.push(clock.now() - startMillis);
      respond(unavailable());
    });
    const results = deliverAndKeep(
      retrying({ exporter, clock, backoffMultiplier: 2, maxBackoffMillis: 5000, maxElapsedMillis: 20_000 }),
    );
    clock.advance(3_600_000);
    expect(at).toEqual([0, 1000, 3000, 7000, 12_000, 17_000, 20_000]);
    expect(results).toHaveLength(1);
  });

  test('after an hour of failures there is one result, with the last error and the reason', () => {
    const clock = new ManualClock();
    const failure = unavailable();
    const results = deliverAndKeep(retrying({ exporter: new ScriptedExporter(failure), clock }));
    clock.advance(3_600_000);
    expect(results).toHaveLength(1);
    expect(results[0]?.code).toBe(EXPORT_FAILED);
    expect(results[0]?.error?.message).toBe(
      'export of 1 records failed (attempt 18, Error: 14 UNAVAILABLE: away); no further attempt: maxElapsedMillis (300000) has elapsed',
    );
    expect(results[0]?.error?.cause).toBe(failure.error);
    expect(clock.pendingTimers).toBe(0);
  });

  test.each([
    [0, 8000],
    [0.5, 10_000],
    [0.75, 11_000],
  ])('are spread by the jitter: the random number %d makes ten seconds %d ms', (luck, millis) => {
    const clock = new ManualClock();
    const exporter = new ScriptedExporter(unavailable(), SUCCESS);
    const options = { exporter, clock, jitter: 0.2, initialBackoffMillis: 10_000, random: () => luck };
    const results = deliverAndKeep(retrying(options));
    clock.advance(millis - 1);
    expect(results).toEqual([]);
    clock.advance(1);
    expect(results).toEqual([SUCCESS]);
  });

  test('are never shorter than the server requested, whatever the jitter', () => {
    const clock = new ManualClock();
    const exporter = new ScriptedExporter(unavailable(10_000), SUCCESS);
    deliverAndKeep(retrying({ exporter, clock, jitter: 1, random: () => 0 }));
    clock.advance(9_999);
    expect(exporter.attempts).toBe(1);
    clock.advance(1);
    expect(exporter.attempts).toBe(2);
  });

  test('do not count the time in which the process was suspended', () => {
    const clock = new ManualClock();
    let suspendedMillis = 0;
    const skewed = {
      now: () => clock.now() + suspendedMillis,
      monotonicNow: () => clock.monotonicNow() + suspendedMillis,
      after: (delayMillis: number, callback: () => void) => clock.after(delayMillis, callback),
    };
    const exporter = new ScriptedExporter(unavailable(), unavailable(), SUCCESS);
    const results = deliverAndKeep(retrying({ exporter, clock: skewed }));
    suspendedMillis = 3_600_000;
    clock.advance(10_000);
    expect(results).toEqual([SUCCESS]);
  });

  test('do not take longer when the system clock is set back', () => {
    const clock = new ManualClock();
    let setBackMillis = 0;
    const skewed = {
      now: () => clock.now() - setBackMillis,
      monotonicNow: () => clock.monotonicNow(),
      after: (delayMillis: number, callback: () => void) => clock.after(delayMillis, callback),
    };
    const exporter = retrying({ exporter: new ScriptedExporter(unavailable()), clock: skewed });
    const results = deliverAndKeep(exporter);
    setBackMillis = 3_600_000;
    clock.advance(exporter.worstCaseMillis);
    expect(results).toHaveLength(1);
  });

  test('end within worstCaseMillis with exactly one result, whatever the exporter and flushes do', () => {
    const behaviour = fc.constantFrom(
      'success',
      'unavailable',
      'asks',
      'refused',
      'silent',
      'late',
      'twice',
      'throws',
    );
    const options = fc.record({
      initialBackoffMillis: fc.integer({ min: 1, max: 5000 }),
      maxBackoffMillis: fc.integer({ min: 5000, max: 60_000 }),
      backoffMultiplier: fc.double({ min: 1, max: 3, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      maxElapsedMillis: fc.integer({ min: 0, max: 120_000 }),
      attemptTimeoutMillis: fc.integer({ min: 1, max: 20_000 }),
    });
    const luck = fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true }));
    const steps = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.constantFrom('wait', 'flush', 'end')),
    );
    fc.assert(
      fc.property(
        fc.array(behaviour, { minLength: 1 }),
        options,
        luck,
        steps,
        (script, given, random, moves) => {
          const clock = new ManualClock();
          const play = (act: string) => (respond: Respond) => {
            if (act === 'success') respond(SUCCESS);
            if (act === 'unavailable' || act === 'twice') respond(unavailable());
            if (act === 'asks') respond(unavailable(3000));
            if (act === 'refused') respond(refused);
            if (act === 'late') clock.after(25_000, () => respond(SUCCESS));
            if (act === 'twice') respond(SUCCESS);
            if (act === 'throws') throw new Error('cannot be serialized');
          };
          const inner = new ScriptedExporter(...script.map(play));
          const exporter = new RetryingLogRecordExporter({
            exporter: inner,
            clock,
            random: () => random.next().value ?? 0,
            ...given,
          });
          const begun = clock.now();
          const results: number[] = [];
          let thrown = 0;
          try {
            exporter.export(['a record'], () => results.push(clock.now() - begun));
          } catch {
            thrown += 1;
          }
          expect(thrown).toBe(script[0] === 'throws' ? 1 : 0);
          for (const [millis, move] of moves) {
            clock.advance(millis);
            if (move === 'flush') void exporter.forceFlush();
            if (move === 'end') void exporter.shutdown();
          }
          clock.advance(exporter.worstCaseMillis);
          expect(results.length + thrown).toBe(1);
          expect(Math.max(0, ...results)).toBeLessThanOrEqual(exporter.worstCaseMillis + 1);
          clock.advance(25_000);
          expect(results.length + thrown).toBe(1);
          expect(clock.pendingTimers).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('an exporter that', () => {
  test('never calls back is retried, and fails when the time has elapsed', () => {
    const clock = new ManualClock();
    const inner = new ScriptedExporter(() => {});
    const exporter = retrying({ exporter: inner, clock });
    const results = deliverAndKeep(exporter);
    clock.advance(31_000);
    expect(inner.attempts).toBe(2);
    clock.advance(exporter.worstCaseMillis - 31_000);
    expect(results[0]?.error?.message).toContain('the exporter did not call back within 30000 ms');
    expect(clock.pendingTimers).toBe(0);
  });

  test('reports a late success has succeeded, and nothing is sent again', () => {
    const clock = new ManualClock();
    let respond: Respond = () => {};
    const inner = new ScriptedExporter((first) => {
      respond = first;
    });
    const results = deliverAndKeep(retrying({ exporter: inner, clock }));
    clock.advance(30_500);
    respond(SUCCESS);
    clock.advance(3_600_000);
    expect([results, inner.attempts, clock.pendingTimers]).toEqual([[SUCCESS], 1, 0]);
  });

  test('calls back twice for an attempt counts with the first result, also during the wait for the next one', () => {
    const clock = new ManualClock();
    const inner = new ScriptedExporter((respond) => {
      respond(unavailable());
      respond(SUCCESS);
    }, SUCCESS);
    const results = deliverAndKeep(retrying({ exporter: inner, clock }));
    expect(results).toEqual([]);
    clock.advance(1_000);
    expect([results, inner.attempts]).toEqual([[SUCCESS], 2]);
  });

  test('reports a late failure changes nothing', () => {
    const clock = new ManualClock();
    let respond: Respond = () => {};
    const first = (given: Respond) => {
      respond = given;
    };
    const results = deliverAndKeep(retrying({ exporter: new ScriptedExporter(first, SUCCESS), clock }));
    clock.advance(30_500);
    respond(refused);
    expect(results).toEqual([]);
    clock.advance(500);
    expect(results).toEqual([SUCCESS]);
  });

  test.each([[refused], [SUCCESS]])(
    'calls back twice counts once, whatever the second result: %p',
    (second) => {
      const clock = new ManualClock();
      const inner = new ScriptedExporter((respond) => {
        respond(unavailable());
        respond(second);
      }, SUCCESS);
      const results = deliverAndKeep(retrying({ exporter: inner, clock }));
      expect(results).toEqual([]);
      clock.advance(1000);
      expect(results).toEqual([SUCCESS]);
    },
  );

  test('throws at the first attempt has its error rethrown, and there is no result', async () => {
    const clock = new ManualClock();
    const inner = new ScriptedExporter(() => {
      throw new RangeError('cannot be serialized');
    });
    const exporter = retrying({ exporter: inner, clock });
    const results: ExportResultLike[] = [];
    expect(() => exporter.export(['a record'], (result) => results.push(result))).toThrow(RangeError);
    await exporter.forceFlush();
    expect([results, clock.pendingTimers]).toEqual([[], 0]);
  });

  test('throws at a later attempt has failed', () => {
    const clock = new ManualClock();
    const inner = new ScriptedExporter(unavailable(), () => {
      throw new RangeError('cannot be serialized');
    });
    const results = deliverAndKeep(retrying({ exporter: inner, clock }));
    clock.advance(1000);
    expect(results).toMatchObject([{ code: EXPORT_FAILED, error: { message: 'cannot be serialized' } }]);
  });

  test('throws after it has called back counts with its result, and the error is logged', () => {
    const inner = new ScriptedExporter((respond) => {
      respond(SUCCESS);
      throw new Error('afterwards');
    });
    expect(deliverAndKeep(retrying({ exporter: inner }))).toEqual([SUCCESS]);
    expect(warnings).toEqual([expect.stringContaining('called back and then threw Error: afterwards')]);
  });

  test('calls back without a reason, or without a result, is not retried', () => {
    const nothing = undefined as unknown as ExportResultLike;
    const inner = new ScriptedExporter({ code: EXPORT_FAILED }, (respond) => respond(nothing));
    const exporter = retrying({ exporter: inner });
    expect(deliverAndKeep(exporter)).toEqual([{ code: EXPORT_FAILED }]);
    expect(deliverAndKeep(exporter)).toEqual([{ code: EXPORT_FAILED }]);
  });
});

describe('isRetryable', () => {
  test.each([
    ['true', () => true, refused, 1000],
    ['a wait', () => ({ afterMillis: 7000 }), refused, 7000],
    ['true, where the server asked for a wait', () => true, unavailable(9000), 9000],
    ['undefined', () => undefined, unavailable(), 1000],
  ])('with %s the export is retried', (_name, isRetryable, failure, waitMillis) => {
    const clock = new ManualClock();
    const exporter = new ScriptedExporter(failure, SUCCESS);
    const results = deliverAndKeep(retrying({ exporter, clock, isRetryable }));
    clock.advance(waitMillis - 1);
    expect(results).toEqual([]);
    clock.advance(1);
    expect(results).toEqual([SUCCESS]);
    expect(warnings).toEqual([expect.stringContaining('next attempt in')]);
  });

  test('with false ends it', () => {
    const failure = unavailable();
    const exporter = retrying({ exporter: new ScriptedExporter(failure), isRetryable: () => false });
    expect(deliverAndKeep(exporter)).toEqual([failure]);
  });

  test('that throws is ignored, and the OTLP rules apply', () => {
    const exporter = retrying({
      exporter: new ScriptedExporter(refused),
      isRetryable: () => {
        throw new Error('mine');
      },
    });
    expect(deliverAndKeep(exporter)).toEqual([refused]);
    expect(warnings).toEqual([expect.stringContaining('isRetryable threw Error: mine')]);
  });
});

describe('forceFlush()', () => {
  test('retries waiting exports at once, and once', async () => {
    const clock = new ManualClock();
    const inner = new ScriptedExporter(unavailable(), unavailable(), SUCCESS);
    const exporter = retrying({ exporter: inner, clock });
    const results = deliverAndKeep(exporter);
    const flushed = exporter.forceFlush();
    expect(inner.attempts).toBe(2);
    clock.advance(1500);
    await flushed;
    expect([results, inner.flushes]).toEqual([[SUCCESS], 2]);
  });

  test('does not wait for exports that have their result', async () => {
    const inner = new ScriptedExporter(SUCCESS);
    const exporter = retrying({ exporter: inner });
    await deliver(exporter);
    await new Promise(setImmediate);
    await exporter.forceFlush();
    // With an export in progress the exporter would be flushed again after it.
    expect(inner.flushes).toBe(1);
  });

  test('ends at its timeout, and logs how many exports are still in progress', async () => {
    const clock = new ManualClock();
    const exporter = retrying({ exporter: new ScriptedExporter(() => {}), clock, flushTimeoutMillis: 500 });
    deliverAndKeep(exporter);
    let hasEnded = false;
    const flushed = exporter.forceFlush().then(() => {
      hasEnded = true;
    });
    clock.advance(499);
    await new Promise(setImmediate);
    expect(hasEnded).toBe(false);
    clock.advance(1);
    await flushed;
    expect(warnings).toEqual([
      'RetryingLogRecordExporter: forceFlush() ended after 500 ms; 1 exports are still in progress',
    ]);
    clock.advance(1e9);
  });

  test('does not shorten a wait that the server requested', async () => {
    const clock = new ManualClock();
    const inner = new ScriptedExporter(unavailable(5000), SUCCESS);
    const exporter = retrying({ exporter: inner, clock });
    deliverAndKeep(exporter);
    const flushed = exporter.forceFlush();
    expect(inner.attempts).toBe(1);
    clock.advance(5000);
    await flushed;
    expect(inner.attempts).toBe(2);
  });

  test("waits for the results even if the exporter's own flush fails, and then fails", async () => {
    const clock = new ManualClock();
    const inner = new ScriptedExporter(unavailable(), unavailable(), SUCCESS);
    inner.forceFlush = () => Promise.reject(new Error('cannot flush'));
    const exporter = retrying({ exporter: inner, clock });
    const results = deliverAndKeep(exporter);
    const flushed = exporter.forceFlush().catch((error) => [...results, error.message]);
    clock.advance(1500);
    expect(await flushed).toEqual([SUCCESS, 'cannot flush']);
  });

  test('works with an exporter without the method', async () => {
    const exporter = retrying({ exporter: { export() {}, shutdown: async () => {} } });
    await expect(exporter.forceFlush()).resolves.toBeUndefined();
  });
});

describe('shutdown()', () => {
  test('retries once, at once, and delivers if that succeeds', async () => {
    const inner = new ScriptedExporter(unavailable(5000), SUCCESS);
    const exporter = retrying({ exporter: inner, clock: new ManualClock() });
    const results = deliverAndKeep(exporter);
    await exporter.shutdown();
    expect([results, inner.shutdowns]).toEqual([[SUCCESS], 1]);
  });

  test('fails undelivered exports with the reason, and then shuts down the exporter', async () => {
    const clock = new ManualClock();
    const inner = new ScriptedExporter(unavailable());
    const exporter = retrying({ exporter: inner, clock });
    const results = deliverAndKeep(exporter);
    await exporter.shutdown();
    expect(results).toHaveLength(1);
    expect(results[0]?.error?.message).toBe(
      'export of 1 records failed (attempt 2, Error: 14 UNAVAILABLE: away); no further attempt: the exporter was shut down',
    );
    expect([inner.shutdowns, clock.pendingTimers]).toEqual([1, 0]);
  });

  test('waits for the attempt in progress, and makes it the last', async () => {
    const clock = new ManualClock();
    const inner = new ScriptedExporter((respond) => void clock.after(4000, () => respond(unavailable())));
    const exporter = retrying({ exporter: inner, clock });
    const results = deliverAndKeep(exporter);
    const ended = exporter.shutdown();
    await new Promise(setImmediate);
    expect([results.length, inner.shutdowns]).toEqual([0, 0]);
    clock.advance(4000);
    await ended;
    expect([results.length, inner.attempts, inner.shutdowns]).toEqual([1, 1, 1]);
  });

  test('may be called twice, shuts down once, and nothing is exported after it', async () => {
    const inner = new ScriptedExporter(SUCCESS);
    const exporter = retrying({ exporter: inner });
    expect(exporter.shutdown()).toBe(exporter.shutdown());
    expect(deliverAndKeep(exporter)).toMatchObject([
      { code: EXPORT_FAILED, error: { message: '1 records were not exported: the exporter was shut down' } },
    ]);
    await exporter.shutdown();
    expect([inner.attempts, inner.shutdowns]).toEqual([0, 1]);
  });

  test("rejects with the failure of the exporter's own shutdown, after every export has its result", async () => {
    const inner = new ScriptedExporter(unavailable());
    inner.shutdown = () => Promise.reject(new Error('cannot close'));
    const exporter = new RetryingLogRecordExporter({ exporter: inner, clock: new ManualClock() });
    const results = deliverAndKeep(exporter);
    await expect(exporter.shutdown()).rejects.toThrow('cannot close');
    expect(results).toHaveLength(1);
  });
});

test('a result callback that throws is logged and has no other effect', () => {
  const exporter = retrying({ exporter: new ScriptedExporter(SUCCESS) });
  const throwing = () => {
    throw new Error('mine');
  };
  expect(() => exporter.export([], throwing)).not.toThrow();
  expect(warnings).toEqual([expect.stringContaining('the result callback threw Error: mine')]);
});

test('retries are logged once in ten seconds: what failed, of what, and what follows', () => {
  const clock = new ManualClock();
  const exporter = retrying({ exporter: new ScriptedExporter(unavailable()), clock });
  for (let i = 0; i < 5; i++) deliverAndKeep(exporter);
  expect(warnings).toEqual([
    'RetryingLogRecordExporter: export of 1 records failed (attempt 1, Error: 14 UNAVAILABLE: away); next attempt in 1000 ms',
  ]);
  clock.advance(9_999);
  expect(warnings).toHaveLength(1);
  clock.advance(10_000);
  expect(warnings).toHaveLength(2);
});

test('a retry runs in the context of its export, not in that of a flush', () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  closers.push(() => context.disable());
  const key = createContextKey('test');
  const seen: unknown[] = [];
  const inner = new ScriptedExporter((respond) => {
    seen.push(context.active().getValue(key));
    respond(unavailable());
  });
  const exporter = retrying({ exporter: inner, clock: new ManualClock() });
  context.with(ROOT_CONTEXT.setValue(key, 'export'), () => deliverAndKeep(exporter));
  context.with(ROOT_CONTEXT.setValue(key, 'flush'), () => void exporter.forceFlush());
  expect(seen).toEqual(['export', 'export']);
});

test('it supports as many concurrent exports as the wrapped exporter, and has worstCaseMillis', () => {
  const inner = Object.assign(new ScriptedExporter(SUCCESS), { maxConcurrentExports: 8 });
  const exporter = retrying({ exporter: inner, maxElapsedMillis: 60_000, attemptTimeoutMillis: 5000 });
  expect(exporter).toMatchObject({
    maxConcurrentExports: 8,
    maxElapsedMillis: 60_000,
    worstCaseMillis: 65_000,
  });
  expect(retrying({ exporter: new ScriptedExporter(SUCCESS) }).maxConcurrentExports).toBeUndefined();
});

test.each([
  [{ maxBackoffMillis: -3 }, 'maxBackoffMillis must be a number of milliseconds from 1, got -3'],
  [{ initialBackoffMillis: 0 }, 'initialBackoffMillis must be a number of milliseconds from 1, got 0'],
  [{ maxBackoffMillis: 10 }, 'initialBackoffMillis must be at most maxBackoffMillis (10), got 1000'],
  [{ backoffMultiplier: 0.5 }, 'backoffMultiplier must be a number from 1, got 0.5'],
  [{ jitter: 2 }, 'jitter must be a number from 0 to 1, got 2'],
  [{ maxElapsedMillis: Number.NaN }, 'maxElapsedMillis must be a number of milliseconds from 0, got NaN'],
  [{ attemptTimeoutMillis: '5s' }, 'attemptTimeoutMillis must be a number of milliseconds from 1, got "5s"'],
  [{ isRetryable: true }, 'isRetryable must be a function, got true'],
  [{ clock: {} }, 'clock must be an object with now(), monotonicNow(), after()'],
  [{ exporter: undefined }, 'exporter must be an object with export(), shutdown(), got undefined'],
  [{ maxBackofMillis: 1 }, 'RetryingLogRecordExporter has no option "maxBackofMillis"'],
])('wrong options throw at once: %p', (wrong, message) => {
  const options = { exporter: new ScriptedExporter(SUCCESS), ...wrong } as RetryingLogRecordExporterOptions;
  expect(() => new RetryingLogRecordExporter(options)).toThrow(message);
});

test('an option given as undefined takes its default', () => {
  const options = { exporter: new ScriptedExporter(SUCCESS), maxElapsedMillis: undefined };
  const exporter = new RetryingLogRecordExporter(options as unknown as RetryingLogRecordExporterOptions);
  expect(exporter.maxElapsedMillis).toBe(300_000);
});
