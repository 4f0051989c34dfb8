import type { DeliveryDefaults } from '../../component/index.ts';
import { atMost, bytes, choice, type Field, group, millis, type Presence } from '../../settings/index.ts';

const MIB = 1024 * 1024;

/** The options that every sink has. `SinkRunner` obeys them. */
export function deliveryOptions({ behindBytes, behindMillis, onFull }: DeliveryDefaults) {
  const behind = {
    min: MIB,
    meaning: 'Bytes of the journal that wait for this sink. At most `journal.maxBytes`.',
  };
  // The configuration fills in the half of the journal.
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
          meaning: 'Age of the oldest record that waits for this sink. 0: no such bound.',
        }),
      },
      { meaning: 'How far this sink may be behind before `onFull` applies; whichever is reached first.' },
    ),
    onFull: choice(['block', 'skip'], {
      default: onFull,
      meaning:
        '`block`: the receivers accept nothing until the sink has caught up; senders keep their records. `skip`: the sink skips the oldest records, which are counted.',
    }),
    start: choice(['oldest', 'now'], {
      default: 'oldest',
      meaning:
        'Where a sink begins that has no position in the journal yet: at the oldest record that is still there, or with those that come.',
    }),
    retry: group(
      {
        initialMillis: millis({ min: 10, max: 3_600_000, default: 1_000, meaning: 'The first wait.' }),
        maxMillis: millis({ min: 10, max: 86_400_000, default: 30_000, meaning: 'The longest wait.' }),
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
            'How much is kept; beyond it the oldest are dropped and counted. 0: nothing is kept, everything is counted.',
        }),
      },
      { meaning: 'Records that the destination rejects permanently are kept for `distlogd dlq`.' },
    ),
    /** About how much is read from the journal for one write. */
    batchBytes: bytes({ isInternal: true, min: 1, default: 4 * MIB }),
    /** A write is aborted after so long. */
    writeTimeoutMillis: millis({ isInternal: true, min: 1, default: 60_000 }),
  };
}
