import { bytes, count, group, millis, path, type ValueOf } from '../../settings/index.ts';

const MIB = 1024 * 1024;

/** The options of `StoreSink`. */
export const storeSinkOptions = group(
  {
    path: path({
      absent: '`<data>/store/<name>`',
      meaning: 'The directory of the store. It is created with mode 0700 and must not contain other files.',
      example: '/var/lib/distlogd/store',
    }),
    retention: group(
      {
        maxBytes: bytes({
          min: 16 * MIB,
          default: 10_240 * MIB,
          meaning:
            'The maximum size of the store. Beyond it the oldest part, an eighth or 512 MiB, is removed.',
        }),
        maxAgeMillis: millis({
          min: 60_000,
          max: 3_650 * 86_400_000,
          orZero: true,
          default: 7 * 86_400_000,
          meaning:
            'The maximum age of records. Older ones are removed, at most an eighth of this time later. 0: no limit.',
        }),
      },
      { meaning: 'How long records are kept. The limit that is reached first counts.' },
    ),
    /** A partition is complete with this number of records, or at this size. */
    partitionRecords: count({ isInternal: true, min: 1, max: 100_000_000, default: 1_000_000 }),
    partitionBytes: bytes({ isInternal: true, min: 1, default: 512 * MIB }),
  },
  { meaning: 'Stores records for a limited time, indexed for `distlog` and the reader API.' },
);

/** The resolved options. */
export type StoreSinkOptions = ValueOf<typeof storeSinkOptions> & { readonly path: string };
