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
/** Offsets in a segment have four bytes; the last group exceeds `segmentBytes` by one body at most. */
export const MAX_BODY_BYTES = 1_024 * MIB;

/**
 * The options of a journal in a configuration. `Journal.open` takes the parsed values and does not check them
 * again.
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
        'The maximum size of all files, at least two segments. A full journal accepts no batches until the sinks have caught up.',
    }),
    minFreeBytes: bytes({
      min: MIB,
      orZero: true,
      default: 256 * MIB,
      meaning:
        'Free space that the journal leaves on the disk. With less free space it accepts no batches. 0: no limit.',
    }),
    sync: choice(['always', 'never'], {
      default: 'always',
      meaning:
        '`always`: a batch is acknowledged when it is on disk. `never`: when the operating system has it; a power failure can lose acknowledged records.',
    }),
    producers: group(
      {
        maxCount: count({
          min: 100,
          max: 1_000_000,
          default: 100_000,
          meaning:
            'How many senders are kept. Beyond that, the one that has been idle for the longest time is dropped.',
        }),
        maxAgeMillis: millis({
          min: 60_000,
          max: 3_650 * 86_400_000,
          default: 7 * 86_400_000,
          meaning: 'How long a sender is kept after its last batch.',
        }),
      },
      {
        meaning:
          'Deduplication: for how many senders the number of the last batch is kept, and for how long.',
      },
    ),
    /**
     * The maximum size of the batches that wait to be written; beyond it `append` answers `full`. One batch
     * may always wait.
     */
    maxQueuedBytes: bytes({ isInternal: true, min: 0, default: 256 * MIB }),
    /** How many bytes of the newest entries are kept in memory for sinks that keep up. */
    recentBytes: bytes({ isInternal: true, min: 0, default: 32 * MIB }),
  },
  {
    meaning: 'The journal keeps batches that are acknowledged and not yet written by every sink.',
    checks: [atLeast('bytes', 'maxBytes', 'segmentBytes', 2)],
  },
);

/** The dependencies of a journal, besides its options. */
interface JournalTools {
  /**
   * The directory of the segments, created if it does not exist. One journal per directory; the caller locks
   * it.
   */
  readonly directory: string;
  readonly clock: Clock;
  /** Called once, at the first error of a write or fsync. No append succeeds after it. */
  readonly onFault: (error: Error) => void;
  /** Receives records about damage and truncation. */
  readonly log: OwnLog;
  /** The file system, for tests. */
  readonly files: Files;
}

/** All options and dependencies. */
export type Settings = ValueOf<typeof journalOptions> & JournalTools;

/** Options with defaults are optional. */
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
