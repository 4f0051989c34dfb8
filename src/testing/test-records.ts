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

/** The newest records of a test, and how many it logged. */
interface Kept {
  readonly records: ReadableLogRecordLike[];
  count: number;
}

/** So many records are kept of a test; the oldest are dropped first. */
const MAX_RECORDS = 1000;

/**
 * Keeps the records of each running test apart, so that a runner prints those of a failed test, and drops the others.
 *
 * A record belongs to the test in whose async context it is emitted, so tests that run at the same time do not mix. A
 * record from elsewhere, such as a server that was started before the tests, belongs to the test that runs. If several
 * run, or none, it is dropped. A test is any object of its runner.
 */
export class TestRecords implements LogRecordProcessorLike {
  /** The one that it registers as the global LoggerProvider. */
  readonly loggerProvider: LoggerProvider;
  readonly #current = new AsyncLocalStorage<object>();
  readonly #running = new Map<object, Kept>();

  constructor() {
    this.loggerProvider = new LoggerProvider({ processors: [new TaskLogRecordProcessor(), this] });
    replaceLoggerProvider(this.loggerProvider);
  }

  /** Forgets what an earlier attempt of the test logged. */
  begin(test: object): void {
    this.#running.set(test, { records: [], count: 0 });
  }

  /** Calls a function as a part of the test. */
  run<T>(test: object, body: () => T): T {
    if (!this.#running.has(test)) this.begin(test);
    return this.#current.run(test, body);
  }

  /**
   * Drops what the test logged.
   * @returns it as text, a tree with a line for each record; empty if it logged nothing
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
