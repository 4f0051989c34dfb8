import { bytes, count, group, millis, path, type Values } from '../../settings/index.ts';

const MIB = 1024 * 1024;

/** The options of `BoxReceiver`. */
export const boxOptions = group(
  {
    directory: path({
      isRequired: true,
      meaning:
        'The `blackBox.directory` of services on this machine. The daemon must run as the same user as they do. What does not exist yet is looked for again.',
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
      meaning: 'Boxes of dead processes that wait to be read; the oldest are removed unread, and counted.',
    }),
    maxTotalBytes: bytes({ min: MIB, default: 1024 * MIB, meaning: 'The same by their size together.' }),
    maxAge: millis({
      min: 1_000,
      default: 24 * 60 * 60 * 1_000,
      meaning: 'A box that was written to so long ago is removed unread.',
    }),
  },
  {
    absent: 'closed',
    meaning:
      'Black boxes of processes that have died: what they held and had not delivered, as one burst with their last words. Each is read exactly once, then removed. See docs/black-box.md.',
  },
);

export type BoxReceiverOptions = Values<typeof boxOptions.fields>;
