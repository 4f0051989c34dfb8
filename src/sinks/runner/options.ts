import type { DeliveryDefaults } from '../../component/index.ts';
import { atMost, bytes, choice, type Field, group, millis, type Presence } from '../../settings/index.ts';

const MIB = 1024 * 1024;

/** The options that every sink has. They are applied by `SinkRunner`. */
export function deliveryOptions({ behindBytes, behindMillis, onFull }: DeliveryDefaults) {
  const behind = {
    min: MIB,
    meaning:
      'The maximum size of the records in the journal that wait for this sink. At most `journal.maxBytes`.',
  };
  // The configuration sets the default, half of the journal.
  const behindField: Field<number, number, Presence> =
    behindBytes === undefined
      ? bytes({ ...behind, absent: 'half of `journal.maxBytes`', example: '2GiB' })
      : bytes({ ...behind, default: behindBytes });
  return {
    maxBehind: group(
      {
        bytes: behindField,
        ageMillis: millis({
          min: 1_000,
          max: 3_650 * 86_400_000,
          orZero: true,
          default: behindMillis,
          meaning: 'The maximum age of the oldest record that waits for this sink. 0: no limit.',
        }),
      },
      {
        meaning:
          'How far this sink may be behind before `onFull` applies. The limit that is reached first counts.',
      },
    ),
    onFull: choice(['block', 'skip'], {
      default: onFull,
      meaning:
        '`block`: the receivers accept nothing until the sink has caught up; senders keep their records. `skip`: the sink skips the oldest records, which are counted.',
    }),
    start: choice(['oldest', 'now'], {
      default: 'oldest',
      meaning:
        'Where a sink without a position in the journal starts: `oldest`: at the oldest record in the journal. `now`: at the next record that is received.',
    }),
    retry: group(
      {
        initialMillis: millis({ min: 10, max: 3_600_000, default: 1_000, meaning: 'The first delay.' }),
        maxMillis: millis({ min: 10, max: 86_400_000, default: 30_000, meaning: 'The longest delay.' }),
      },
      {
        meaning: 'Failed writes are retried without limit, with exponential back-off and jitter.',
        checks: [atMost('millis', 'initialMillis', 'maxMillis')],
      },
    ),
    deadLetters: group(
      {
        maxBytes: bytes({
          min: MIB,
          orZero: true,
          default: 256 * MIB,
          meaning:
            'The maximum size of the dead letters. Beyond it the oldest are dropped and counted. 0: rejected records are counted but not kept.',
        }),
      },
      {
        meaning:
          'Dead letters: records that the destination rejects permanently are kept for `distlogd dlq`.',
      },
    ),
    /** Approximately how much is read from the journal for one write. */
    batchBytes: bytes({ isInternal: true, min: 1, default: 4 * MIB }),
    /** A write is aborted after this time. */
    writeTimeoutMillis: millis({ isInternal: true, min: 1, default: 60_000 }),
  };
}
