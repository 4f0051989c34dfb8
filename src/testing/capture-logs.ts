import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor, type BurstProcessorOptions } from '../burst/index.ts';
import {
  type LoggerLike,
  type LogRecordProcessorLike,
  type ReadableLogRecordLike,
  replaceLoggerProvider,
} from '../record/index.ts';
import { code, group, resolve } from '../settings/index.ts';
import { TaskLogRecordProcessor } from '../task/index.ts';
import { findTasks, lines, type TaskPath, type Trees, tasksOf } from '../tree/index.ts';
import { TaskAssertion, taskError } from './task-assertion.ts';
import { treesOf } from './trees-of.ts';

/** Options of {@link captureLogs}. */
export interface CaptureLogsOptions {
  /**
   * `true`, or options of a burst processor: captures only the records that this processor passes on, so that
   * a test can check what a failure released. Default: every record is captured at once.
   */
  readonly burst?: true | Omit<BurstProcessorOptions, 'processor'> | undefined;
}

/** The definition of the options; the burst processor checks its own. */
export const captureOptions = group({
  burst: code({ expected: 'true or an object', parse: asBurst, absent: 'off' }),
});

function asBurst(value: unknown): CaptureLogsOptions['burst'] {
  const isObject = typeof value === 'object' && value !== null;
  return value === true || isObject ? (value as true) : undefined;
}

/** Collects every record. */
class Keeper implements LogRecordProcessorLike {
  records: ReadableLogRecordLike[] = [];

  onEmit(record: ReadableLogRecordLike): void {
    this.records.push(record);
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** The captured records, with assertions about their tasks. */
export class CapturedLogs {
  /** A provider for code that takes one, and for instrumentations of other loggers. */
  readonly loggerProvider: LoggerProvider;
  readonly #keeper = new Keeper();
  readonly #restore: () => void;

  constructor(options: CaptureLogsOptions) {
    const { burst } = resolve(captureOptions, 'captureLogs', options);
    const last =
      burst === undefined
        ? this.#keeper
        : new BurstLogRecordProcessor({ ...(burst === true ? {} : burst), processor: this.#keeper });
    this.loggerProvider = new LoggerProvider({ processors: [new TaskLogRecordProcessor(), last] });
    this.#restore = replaceLoggerProvider(this.loggerProvider);
  }

  /** The captured records in the order in which they were emitted. */
  get records(): readonly ReadableLogRecordLike[] {
    return this.#keeper.records;
  }

  /** Returns a logger whose records are captured. */
  logger(name = 'test'): LoggerLike {
    return this.loggerProvider.getLogger(name) as unknown as LoggerLike;
  }

  /** Returns the tasks as a text tree with every record, for messages and manual inspection. */
  tree(): string {
    return [...lines(this.#trees(), { unfold: 'all' })].join('\n');
  }

  /**
   * Returns the only task with this name, or at the end of this path of names.
   * @throws AssertionError that contains the tree, if there is not exactly one
   */
  task(path: TaskPath): TaskAssertion {
    const trees = this.#trees();
    const found = findTasks(trees, path);
    const wanted = (typeof path === 'string' ? [path] : path).join(' › ');
    if (found.length === 1) return new TaskAssertion(found[0]!, trees);
    throw taskError(
      `expected one task ${wanted}, found ${found.length === 0 ? 'none' : found.length}`,
      trees,
    );
  }

  /** Returns all tasks with this name, or at the end of this path, in reading order. */
  tasks(path: TaskPath): TaskAssertion[] {
    const trees = this.#trees();
    return findTasks(trees, path).map((found) => new TaskAssertion(found, trees));
  }

  /**
   * Asserts that every started task has ended.
   * @throws AssertionError that contains the tree and the names of the others
   */
  allEnded(): void {
    const trees = this.#trees();
    const open = [...tasksOf(trees)].filter(({ outcome }) => outcome === 'unknown').map(({ name }) => name);
    if (open.length > 0)
      throw taskError(`expected all tasks to have ended; still open: ${open.join(', ')}`, trees);
  }

  /** Waits until the burst processor has passed on all released records. */
  async flush(): Promise<void> {
    await this.loggerProvider.forceFlush();
  }

  /** Removes the captured records. */
  clear(): void {
    this.#keeper.records = [];
  }

  /** Stops capturing and restores the previous global provider. May be called twice. */
  end(): void {
    this.#restore();
  }

  /** Like `end()`, for `using`. */
  [Symbol.dispose](): void {
    this.end();
  }

  #trees(): Trees {
    return treesOf(this.#keeper.records);
  }
}

/**
 * Captures all log records of this process in memory, from tasks and from loggers of the global
 * LoggerProvider, until `end()` is called. For tests with any test runner; needs `@opentelemetry/sdk-logs`.
 */
export function captureLogs(options: CaptureLogsOptions = {}): CapturedLogs {
  return new CapturedLogs(options);
}
