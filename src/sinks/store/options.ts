import { bytes, count, group, millis, path, type ValueOf } from '../../settings/index.ts';

const MIB = 1024 * 1024;

/** The options of `StoreSink`. */
export const storeSinkOptions = group(
  {
    path: path({
      absent: '`<data>/store/<name>`',
      meaning: 'The directory. It is created with mode 0700; nothing else may be in it.',
      example: '/var/lib/distlogd/store',
    }),
    retention: group(
      {
        maxBytes: bytes({
          min: 16 * MIB,
          default: 10_240 * MIB,
          meaning: 'Size of the store. Beyond it the oldest part, an eighth or 512 MiB, is removed.',
        }),
        maxAgeMillis: millis({
          min: 60_000,
          max: 3_650 * 86_400_000,
          orZero: true,
          default: 7 * 86_400_000,
          meaning: 'Records are removed when they are older, at most an eighth of this later. 0: not by age.',
        }),
      },
      { meaning: 'How long records are kept; whichever is reached first.' },
    ),
    /** A partition ends with so many records, or at this size. */
    partitionRecords: count({ isInternal: true, min: 1, max: 100_000_000, default: 1_000_000 }),
    partitionBytes: bytes({ isInternal: true, min: 1, default: 512 * MIB }),
  },
  { meaning: 'Keeps records for a while, indexed for `distlog` and the reader API.' },
);

/** The options as they hold. */
export type StoreSinkOptions = ValueOf<typeof storeSinkOptions> & { readonly path: string };
