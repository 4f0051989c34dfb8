import { atLeast, bytes, choice, count, group, millis } from '../settings/index.ts';

const MIB = 1024 * 1024;
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
