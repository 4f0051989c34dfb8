import { AsyncLocalStorage } from 'node:async_hooks';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  type LogRecordProcessorLike,
  type ReadableLogRecordLike,
  replaceLoggerProvider,
} from '../record/index.ts';
import { TaskLogRecordProcessor } from '../task/index.ts';
import { lines } from '../tree/index.ts';
import { treesOf } from './trees-of.ts';

/** The newest records of a test and the number of all its records. */
interface Kept {
  readonly records: ReadableLogRecordLike[];
  count: number;
}

/** The number of records that are kept per test; the oldest are dropped first. */
const MAX_RECORDS = 1000;

/**
 * Separates the records of running tests, so that a runner can print those of a failed test and drop the
 * others.
 *
 * A record belongs to the test in whose async context it is emitted, so concurrent tests do not mix. A record
 * from elsewhere, such as a server that was started before the tests, belongs to the running test; if there
 * are several or none, it is dropped. A test is identified by any object of the runner.
 */
export class TestRecords implements LogRecordProcessorLike {
  /** The provider that it registers globally. */
  readonly loggerProvider: LoggerProvider;
  readonly #current = new AsyncLocalStorage<object>();
  readonly #running = new Map<object, Kept>();

  constructor() {
    this.loggerProvider = new LoggerProvider({ processors: [new TaskLogRecordProcessor(), this] });
    replaceLoggerProvider(this.loggerProvider);
  }

  /** Drops the records of an earlier attempt of the test. */
  begin(test: object): void {
    this.#running.set(test, { records: [], count: 0 });
  }

  /** Calls a function in the async context of the test. */
  run<T>(test: object, body: () => T): T {
    if (!this.#running.has(test)) this.begin(test);
    return this.#current.run(test, body);
  }

  /**
   * Removes the records of the test.
   * @returns them as a text tree with a line per record; empty if there are none
   */
  end(test: object): string {
    const kept = this.#running.get(test);
    this.#running.delete(test);
    if (kept === undefined || kept.count === 0) return '';
    const { records, count } = kept;
    const which = count > records.length ? `the newest ${records.length} of ${count}` : `${count}`;
    return [`Log records of this test (${which}):`, '', ...lines(treesOf(records), { unfold: 'all' })].join(
      '\n',
    );
  }

  onEmit(record: ReadableLogRecordLike): void {
    const kept = this.#running.get(this.#current.getStore() ?? this) ?? this.#onlyOne();
    if (kept === undefined) return;
    kept.count += 1;
    if (kept.records.push(record) > MAX_RECORDS) kept.records.shift();
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  #onlyOne(): Kept | undefined {
    if (this.#running.size !== 1) return undefined;
    const [kept] = this.#running.values();
    return kept;
  }
}
