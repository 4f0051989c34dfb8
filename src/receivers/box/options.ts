import { bytes, count, group, millis, path, type Values } from '../../settings/index.ts';

const MIB = 1024 * 1024;

/** The options of `BoxReceiver`. */
export const boxOptions = group(
  {
    directory: path({
      isRequired: true,
      meaning:
        'The `blackBox.directory` of services on this machine. The daemon must run as the same user as these services. A directory that does not exist yet is checked again.',
      example: '/dev/shm/burstlog',
    }),
    interval: millis({
      min: 50,
      default: 500,
      meaning: 'How often the daemon looks for boxes of processes that have died.',
    }),
    maxFiles: count({
      min: 1,
      default: 100,
      meaning:
        'The maximum number of boxes of dead processes that wait to be read. The oldest are removed unread, and counted.',
    }),
    maxTotalBytes: bytes({
      min: MIB,
      default: 1024 * MIB,
      meaning: 'The maximum total size of these boxes.',
    }),
    maxAge: millis({
      min: 1_000,
      default: 24 * 60 * 60 * 1_000,
      meaning: 'A box whose last write is older than this is removed unread.',
    }),
  },
  {
    absent: 'closed',
    meaning:
      'Black boxes of processes that have died: records that they held and had not delivered, as one burst with their last words. Each is read exactly once, then removed. See docs/black-box.md.',
  },
);

export type BoxReceiverOptions = Values<typeof boxOptions.fields>;
