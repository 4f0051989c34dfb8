import type { OwnLog } from '../component/index.ts';
import { type Clock, systemClock } from '../record/index.ts';
import {
  atLeast,
  bytes,
  choice,
  count,
  group,
  millis,
  resolve,
  type ValueOf,
  withDefaults,
} from '../settings/index.ts';
import { type Files, nodeFiles } from './files.ts';

const MIB = 1024 * 1024;
/** Places in a segment are four bytes; the last group goes beyond `segmentBytes` by one body at most. */
export const MAX_BODY_BYTES = 1_024 * MIB;

/**
 * The options of a journal in a configuration. `Journal.open` takes them as they were read, and checks
 * nothing again.
 */
export const journalOptions = group(
  {
    segmentBytes: bytes({
      min: MIB,
      max: 1_024 * MIB,
      default: 64 * MIB,
      meaning: 'The size of one segment file. Space is freed file by file.',
    }),
    maxBytes: bytes({
      min: 4 * MIB,
      default: 8_192 * MIB,
      meaning:
        'The size of all files, at least two segments. A full journal accepts no batch until the sinks have caught up.',
    }),
    minFreeBytes: bytes({
      min: MIB,
      orZero: true,
      default: 256 * MIB,
      meaning:
        'Free space that the journal leaves on the disk. With less, it accepts no batch. 0: no such bound.',
    }),
    sync: choice(['always', 'never'], {
      default: 'always',
      meaning:
        '`always`: a batch is acknowledged when it is on the disk. `never`: when the operating system has it; a power failure loses acknowledged records.',
    }),
    producers: group(
      {
        maxCount: count({
          min: 100,
          max: 1_000_000,
          default: 100_000,
          meaning: 'How many are remembered. Beyond that, the one that has been idle longest is forgotten.',
        }),
        maxAgeMillis: millis({
          min: 60_000,
          max: 3_650 * 86_400_000,
          default: 7 * 86_400_000,
          meaning: 'How long one is remembered after its last batch.',
        }),
      },
      {
        meaning:
          'Deduplication: for how many senders the number of the last batch is kept, and for how long.',
      },
    ),
    /** Batches that wait to be written; beyond it `append` answers `full`. One batch always may wait. */
    maxQueuedBytes: bytes({ isInternal: true, min: 0, default: 256 * MIB }),
    /** How much of the newest entries is kept in memory for sinks that keep up. */
    recentBytes: bytes({ isInternal: true, min: 0, default: 32 * MIB }),
  },
  {
    meaning: 'Batches that are acknowledged and not yet written by every sink.',
    checks: [atLeast('bytes', 'maxBytes', 'segmentBytes', 2)],
  },
);

/** What a journal works with, beside its options. */
interface JournalTools {
  /** Where the segments are. Made if it is missing. One journal, one directory; a lock is the caller's. */
  readonly directory: string;
  readonly clock: Clock;
  /** Called once, at the first error of a write or fsync; no append succeeds after it. */
  readonly onFault: (error: Error) => void;
  /** Where damage and cuts are logged. */
  readonly log: OwnLog;
  /** The file system; for tests. */
  readonly files: Files;
}

/** Every option and tool. */
export type Settings = ValueOf<typeof journalOptions> & JournalTools;

/** What is left out has its default. */
export type JournalOptions = Pick<JournalTools, 'directory'> & {
  readonly [Name in keyof Settings]?: Settings[Name] | undefined;
};

export function withJournalDefaults(given: JournalOptions): Settings {
  const defaults = {
    ...resolve(journalOptions, 'journal', {}),
    ...{ directory: '', clock: systemClock, onFault: () => {}, log: { emit: () => {} }, files: nodeFiles },
  };
  return withDefaults<Settings>(defaults, given);
}
