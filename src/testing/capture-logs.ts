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
   * `true`, or options of a burst processor: only what it hands on is captured, so that a test can see what a
   * failure released. Default: every record is captured at once.
   */
  readonly burst?: true | Omit<BurstProcessorOptions, 'processor'> | undefined;
}

/** What is valid; the burst processor checks its own options. */
export const captureOptions = group({
  burst: code({ expected: 'true or an object', parse: asBurst, absent: 'off' }),
});

function asBurst(value: unknown): CaptureLogsOptions['burst'] {
  const isObject = typeof value === 'object' && value !== null;
  return value === true || isObject ? (value as true) : undefined;
}

/** Keeps every record. */
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

/** What was logged, and what it says about tasks. */
export class CapturedLogs {
  /** For code under test that takes a provider, and for instrumentations of other loggers. */
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

  /** What was captured so far, in the order in which it came. */
  get records(): readonly ReadableLogRecordLike[] {
    return this.#keeper.records;
  }

  /** A logger that writes here. */
  logger(name = 'test'): LoggerLike {
    return this.loggerProvider.getLogger(name) as unknown as LoggerLike;
  }

  /** The tasks as a tree of text, with every record: for messages, and for looking at. */
  tree(): string {
    return [...lines(this.#trees(), { unfold: 'all' })].join('\n');
  }

  /**
   * The one task of this name, or at the end of this path of names.
   * @throws AssertionError, with the tree, if there is none, or more than one
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

  /** All tasks of this name, or at the end of this path, in reading order. */
  tasks(path: TaskPath): TaskAssertion[] {
    const trees = this.#trees();
    return findTasks(trees, path).map((found) => new TaskAssertion(found, trees));
  }

  /**
   * That every task which was begun has ended.
   * @throws AssertionError, with the tree, that names those that have not
   */
  allEnded(): void {
    const trees = this.#trees();
    const open = [...tasksOf(trees)].filter(({ outcome }) => outcome === 'unknown').map(({ name }) => name);
    if (open.length > 0)
      throw taskError(`expected all tasks to have ended, but not: ${open.join(', ')}`, trees);
  }

  /** Waits until everything that is to leave a burst processor has. */
  async flush(): Promise<void> {
    await this.loggerProvider.forceFlush();
  }

  /** Forgets what was captured. */
  clear(): void {
    this.#keeper.records = [];
  }

  /** Captures no more; the provider that was registered before is again. May be called twice. */
  end(): void {
    this.#restore();
  }

  /** The same as `end()`, for `using`. */
  [Symbol.dispose](): void {
    this.end();
  }

  #trees(): Trees {
    return treesOf(this.#keeper.records);
  }
}

/**
 * Captures every log record of this process in memory, of tasks and of all loggers that use the global
 * LoggerProvider, until `end()` is called. For tests, with any test runner; it needs `@opentelemetry/sdk-logs`.
 */
export function captureLogs(options: CaptureLogsOptions = {}): CapturedLogs {
  return new CapturedLogs(options);
}
