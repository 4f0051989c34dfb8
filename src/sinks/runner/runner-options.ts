import type { EntryView, JournalView, OwnLog, Sink } from '../../component/index.ts';
import { type Clock, systemClock } from '../../record/index.ts';
import { checkKnown, wholeNumber, withMethods } from '../../settings/index.ts';
import { WriteTurns } from './write-turns.ts';

/** What drives one sink. */
export interface SinkRunnerOptions {
  /** The sink's name in the configuration; it stands in messages. */
  readonly name: string;
  readonly sink: Sink;
  readonly journal: JournalView;
  /** Where the cursor is kept; made if it is not there, folders too. One file for each sink. */
  readonly cursorFile: string;
  /** Where the dead letters are kept; made when there is one. One folder for each sink. */
  readonly deadLetterDirectory: string;
  readonly log: OwnLog;
  /** How far the sink may fall behind. 0 means no bound of that kind. Default: both 0. */
  readonly maxBehind?:
    | { readonly bytes?: number | undefined; readonly ageMillis?: number | undefined }
    | undefined;
  /**
   * What happens beyond `maxBehind`: `block` keeps everything and says {@link SinkRunner.blocking}, so that intake
   * is refused; `skip` lets the oldest go, counted. Default: `block`.
   */
  readonly onFull?: 'block' | 'skip' | undefined;
  /** Where it begins without a cursor: at the journal's first entry, or at its end. Default: `oldest`. */
  readonly start?: 'oldest' | 'now' | undefined;
  /** Wait after the first failure, doubled with each, and the longest one. Default: 1,000 and 30,000 ms. */
  readonly retry?:
    | { readonly initialMillis?: number | undefined; readonly maxMillis?: number | undefined }
    | undefined;
  /** How much is kept of what was rejected; 0: nothing. Default: 256 MiB. */
  readonly deadLetters?: { readonly maxBytes?: number | undefined } | undefined;
  /** About how much is read from the journal for one `write`. From 1; default: 4 MiB. */
  readonly batchBytes?: number | undefined;
  /** After so long a `write` is aborted through its signal. From 1; default: 60,000 ms. */
  readonly writeTimeoutMillis?: number | undefined;
  /** What the sink gets of the entries, asked before each write. Default: all. */
  readonly view?: EntryView | undefined;
  /** Shared by all runners of a process. Default: this runner is the only one. */
  readonly writeTurns?: WriteTurns | undefined;
  readonly clock?: Clock | undefined;
  /** From 0 to 1, for the jitter of the waits. */
  readonly random?: (() => number) | undefined;
}

export interface ResolvedRunnerOptions {
  readonly name: string;
  readonly sink: Sink;
  readonly journal: JournalView;
  readonly cursorFile: string;
  readonly deadLetterDirectory: string;
  readonly log: OwnLog;
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
  readonly view: EntryView | undefined;
  readonly writeTurns: WriteTurns;
  readonly clock: Clock;
  readonly random: () => number;
}

const KNOWN = [
  ...[
    'name',
    'sink',
    'journal',
    'cursorFile',
    'deadLetterDirectory',
    'log',
    'maxBehind',
    'onFull',
    'start',
    'retry',
  ],
  ...['deadLetters', 'batchBytes', 'writeTimeoutMillis', 'view', 'writeTurns', 'clock', 'random'],
];

/** @throws TypeError or RangeError that names the option */
export function resolveRunnerOptions(options: SinkRunnerOptions): ResolvedRunnerOptions {
  checkKnown('SinkRunner', options, KNOWN);
  const { name, sink, journal, cursorFile, deadLetterDirectory, log, onFull = 'block' } = options;
  if (onFull !== 'block' && onFull !== 'skip') {
    throw new TypeError(`onFull must be "block" or "skip", got ${JSON.stringify(onFull)}`);
  }
  const { bytes = 0, ageMillis = 0 } = options.maxBehind ?? {};
  const { initialMillis = 1_000, maxMillis = 30_000 } = options.retry ?? {};
  const initialBackoffMillis = wholeNumber('retry.initialMillis', initialMillis, 1);
  return {
    name,
    sink: withMethods<Sink>('sink', sink, ['open', 'write', 'close']),
    journal,
    cursorFile,
    deadLetterDirectory,
    log,
    maxBehindBytes: wholeNumber('maxBehind.bytes', bytes, 0) || Number.POSITIVE_INFINITY,
    maxBehindMillis: wholeNumber('maxBehind.ageMillis', ageMillis, 0) || Number.POSITIVE_INFINITY,
    onFull,
    start: options.start ?? 'oldest',
    initialBackoffMillis,
    maxBackoffMillis: wholeNumber('retry.maxMillis', maxMillis, initialBackoffMillis),
    maxDeadLetterBytes: wholeNumber('deadLetters.maxBytes', options.deadLetters?.maxBytes ?? 268_435_456, 0),
    batchBytes: wholeNumber('batchBytes', options.batchBytes ?? 4_194_304, 1),
    writeTimeoutMillis: wholeNumber('writeTimeoutMillis', options.writeTimeoutMillis ?? 60_000, 1),
    view: options.view,
    writeTurns: options.writeTurns ?? new WriteTurns(),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}
