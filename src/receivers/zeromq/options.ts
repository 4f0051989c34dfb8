import type { Intake, OwnLog } from '../../component/index.ts';
import { type CurveServerKeys, zmqListener, zmqListenerChecks } from '../../net/index.ts';
import type { Clock } from '../../record/index.ts';
import { bytes, count, flag, group, millis, type Values } from '../../settings/index.ts';

const MIB = 1024 * 1024;

/**
 * The maximum size of batches of all clients that wait for the journal, and separately of data that is
 * arriving. Beyond either, no client is read.
 */
const maxInFlightBytes = bytes({
  isInternal: true,
  min: 1024,
  default: 64 * MIB,
});

/** The maximum number of connections; further ones are closed at once. */
const maxConnections = count({ isInternal: true, min: 1, default: 4_096 });

/** The options of `ZmqAckReceiver`. */
export const zmqAckOptions = group(
  {
    ...zmqListener('tcp://127.0.0.1:5011'),
    maxBatchBytes: bytes({
      min: 64 * 1024,
      max: 1024 * MIB,
      default: 64 * MIB,
      meaning:
        'The largest batch, compressed and decompressed. A larger one is rejected, and its sender does not retry.',
    }),
    maxInFlightBytes,
    maxConnections,
    /** The maximum number of batches of all clients that wait for the journal. */
    maxInFlightBatches: count({ isInternal: true, min: 1, default: 1_024 }),
    /**
     * The number of batches that a client may have in flight; fewer if there are many clients. A client with
     * twice as many is not read.
     */
    credit: count({ isInternal: true, min: 1, max: 1_000, default: 8 }),
  },
  {
    absent: 'closed',
    meaning:
      'ZeroMQ with acknowledgement (`ZmqLogRecordExporter`, mode `ack`): a batch is acknowledged when it is on disk.',
    checks: zmqListenerChecks,
  },
);

export type ZmqAckReceiverOptions = Values<typeof zmqAckOptions.fields>;

/** The options of `ZmqPushReceiver`. */
export const zmqPushOptions = group(
  {
    ...zmqListener('tcp://127.0.0.1:5010'),
    maxMessageBytes: bytes({
      min: 1024,
      max: 1024 * MIB,
      default: 4 * MIB,
      meaning: 'The largest message. The connection of a sender that exceeds it is closed.',
    }),
    pickle: flag({
      default: false,
      meaning:
        'Accepts pickled messages of Python distlog (`PLP`) if they contain plain data only. All others are rejected.',
    }),
    maxInFlightBytes,
    maxConnections,
    /** The number of records that are appended to the journal together. */
    groupRecords: count({ isInternal: true, min: 1, default: 500 }),
    /** How long a record waits for others at most. */
    groupMillis: millis({ isInternal: true, min: 0, default: 5 }),
  },
  {
    absent: 'closed',
    meaning:
      'ZeroMQ without acknowledgement (mode `push`, and the messages of Python distlog): at most once, losses are counted.',
    checks: zmqListenerChecks,
  },
);

export type ZmqPushReceiverOptions = Values<typeof zmqPushOptions.fields>;

/** The dependencies of a receiver, besides its options. */
export interface ZmqReceiverTools {
  /** Receives the batches. */
  readonly intake: Intake;
  /** The keys of the option `curve`. */
  readonly curve?: CurveServerKeys | undefined;
  /** Logs refused clients and messages. Default: none; they are counted anyway. */
  readonly log?: OwnLog | undefined;
  /** The name of the option `endpoint`, for messages. Default: `endpoint`. */
  readonly setting?: string | undefined;
  /** The clock, for tests. Default: the system clock. */
  readonly clock?: Clock | undefined;
}
