import type { EntryView, JournalView, OwnLog, Sink } from '../../component/index.ts';
import { type Clock, systemClock } from '../../record/index.ts';
import { group, resolve, type Values } from '../../settings/index.ts';
import { deliveryOptions } from './options.ts';
import { WriteTurns } from './write-turns.ts';

/** What a runner works with, beside its options. */
interface RunnerTools {
  /** The sink's name in the configuration; it stands in messages. */
  readonly name: string;
  readonly sink: Sink;
  readonly journal: JournalView;
  /** Where the cursor is kept; made if it is not there, folders too. One file for each sink. */
  readonly cursorFile: string;
  /** Where the dead letters are kept; made when there is one. One folder for each sink. */
  readonly deadLetterDirectory: string;
  readonly log: OwnLog;
  /** What the sink gets of the entries, asked before each write. Default: all. */
  readonly view?: EntryView | undefined;
  /** Shared by all runners of a process. Default: this runner is the only one. */
  readonly writeTurns?: WriteTurns | undefined;
  readonly clock?: Clock | undefined;
  /** From 0 to 1, for the jitter of the waits. */
  readonly random?: (() => number) | undefined;
}

type DeliveryValues = Values<ReturnType<typeof deliveryOptions>>;

/**
 * What drives one sink: the options of {@link deliveryOptions} as a configuration holds them, which are not
 * checked again. What is left out has its default; `maxBehind` has no bound then, and `onFull` is `block`.
 */
export type SinkRunnerOptions = RunnerTools & {
  readonly [Name in keyof DeliveryValues]?: Partial<DeliveryValues[Name]> | undefined;
};

export interface ResolvedRunnerOptions extends RunnerTools {
  /** Infinity: no bound. */
  readonly maxBehindBytes: number;
  readonly maxBehindMillis: number;
  readonly onFull: 'block' | 'skip';
  readonly start: 'oldest' | 'now';
  readonly initialBackoffMillis: number;
  readonly maxBackoffMillis: number;
  readonly maxDeadLetterBytes: number;
  readonly batchBytes: number;
  readonly writeTimeoutMillis: number;
  readonly writeTurns: WriteTurns;
  readonly clock: Clock;
  readonly random: () => number;
}

export function resolveRunnerOptions(options: SinkRunnerOptions): ResolvedRunnerOptions {
  const { name, sink, journal, cursorFile, deadLetterDirectory, log } = options;
  const own = deliveryOptions({ behindBytes: 0, behindMillis: 0, onFull: 'block' });
  const defaults = resolve(group(own), name, {}) as DeliveryValues;
  const retry = { ...defaults.retry, ...options.retry };
  return {
    ...{ name, sink, journal, cursorFile, deadLetterDirectory, log },
    maxBehindBytes: options.maxBehind?.bytes || Number.POSITIVE_INFINITY,
    maxBehindMillis: options.maxBehind?.ageMillis || Number.POSITIVE_INFINITY,
    onFull: options.onFull ?? defaults.onFull,
    start: options.start ?? defaults.start,
    initialBackoffMillis: retry.initialMillis,
    maxBackoffMillis: retry.maxMillis,
    maxDeadLetterBytes: options.deadLetters?.maxBytes ?? defaults.deadLetters.maxBytes,
    batchBytes: options.batchBytes ?? defaults.batchBytes,
    writeTimeoutMillis: options.writeTimeoutMillis ?? defaults.writeTimeoutMillis,
    view: options.view,
    writeTurns: options.writeTurns ?? new WriteTurns(),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}
