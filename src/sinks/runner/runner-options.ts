import type { EntryView, JournalView, OwnLog, Sink } from '../../component/index.ts';
import { type Clock, systemClock } from '../../record/index.ts';
import { group, resolve, type Values } from '../../settings/index.ts';
import { deliveryOptions } from './options.ts';
import { WriteTurns } from './write-turns.ts';

/** The dependencies of a runner, besides its options. */
interface RunnerTools {
  /** The sink's name in the configuration, for messages. */
  readonly name: string;
  readonly sink: Sink;
  readonly journal: JournalView;
  /** The path of the cursor file; the file and its folders are created if missing. One file per sink. */
  readonly cursorFile: string;
  /** The folder of the dead letters; created when there is one. One folder per sink. */
  readonly deadLetterDirectory: string;
  readonly log: OwnLog;
  /** Selects what the sink gets of the entries, before each write. Default: everything. */
  readonly view?: EntryView | undefined;
  /** Shared by all runners of a process. Default: this runner is the only one. */
  readonly writeTurns?: WriteTurns | undefined;
  readonly clock?: Clock | undefined;
  /** Returns numbers from 0 to 1, for the jitter of the delays. */
  readonly random?: (() => number) | undefined;
}

type DeliveryValues = Values<ReturnType<typeof deliveryOptions>>;

/**
 * The options of a sink's runner: those of {@link deliveryOptions} as parsed from a configuration, which are
 * not checked again. Omitted options have their defaults, except that `maxBehind` has no limits and `onFull`
 * is `block`.
 */
export type SinkRunnerOptions = RunnerTools & {
  readonly [Name in keyof DeliveryValues]?: Partial<DeliveryValues[Name]> | undefined;
};

export interface ResolvedRunnerOptions extends RunnerTools {
  /** Infinity: no limit. */
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
