import type { ReceiverReport, SinkReport, Snapshot, StatusReport } from '../../../src/operations/index.ts';

const nothing = { batches: 0, records: 0 };

/** A receiver that has accepted nothing. */
export function receiverReport(changes: Partial<ReceiverReport>): ReceiverReport {
  const counts = { batches: 0, records: 0, bytes: 0, duplicates: 0, refused: {}, dropped: {} };
  return { name: 'zmqAck', endpoint: 'tcp://127.0.0.1:5011', ...counts, ...changes };
}

/** A sink that has written nothing, and has nothing to write. */
export function sinkReport(changes: Partial<SinkReport>): SinkReport {
  return {
    name: 'archive',
    type: 'file',
    condition: 'running',
    written: { ...nothing, bytes: 0 },
    behind: { ...nothing, bytes: 0, ageMillis: 0 },
    retries: 0,
    rejected: {},
    deadLetters: nothing,
    damagedLetterBytes: 0,
    filtered: {},
    redacted: {},
    dropped: { behind_bytes: nothing },
    blocking: false,
    own: {},
    ...changes,
  };
}

/** A daemon whose journal is empty. */
export function statusReport({
  journal,
  ...changes
}: Partial<Omit<StatusReport, 'journal'>> & {
  readonly journal?: Partial<StatusReport['journal']>;
} = {}): StatusReport {
  return {
    version: '1.2.3',
    pid: 42,
    upMillis: 3_905_000,
    processors: [],
    memory: { residentBytes: 111 * 2 ** 20, neededBytes: 2 * 2 ** 30 },
    journal: {
      ...{ bytes: 0, maxBytes: 8_589_934_592, segments: 0, batches: 0, queuedBatches: 0, queuedBytes: 0 },
      ...{ groups: 0, syncs: 0, isFull: false, refused: {}, producers: 0, forgottenProducers: 0 },
      ...{ damagedRanges: 0, damagedBytes: 0, uncopiedBytes: 0, cutBytes: 0 },
      ...{ missingBatches: 0, missingRecords: 0 },
      ...journal,
    },
    selfLogs: { dropped: 0, suppressed: 0 },
    receivers: [],
    sinks: [],
    ...changes,
  };
}

/** A daemon with two receivers and two sinks, one of which fails. */
const report = statusReport({
  journal: { batches: 10, bytes: 3_000_000, producers: 3, segments: 2, refused: { disk: 4, journal: 0 } },
  receivers: [
    receiverReport({
      batches: 1_010,
      records: 5_120_000,
      bytes: 900,
      duplicates: 1,
      refused: { malformed: 2, full: 30, busy: 0 },
    }),
    receiverReport({
      name: 'zmqPush',
      endpoint: 'tcp://127.0.0.1:5010',
      batches: 1,
      records: 9,
      bytes: 1_234_567,
      dropped: { full: 7 },
    }),
  ],
  sinks: [
    sinkReport({
      name: 'files',
      written: { batches: 1_011, records: 5_120_009, bytes: 900 },
      own: { rotations: 2, rotation_failures: 0 },
      lastError: { text: 'ENOSPC: no space left on device', atMillis: 1_700_000_000_000 },
    }),
    sinkReport({
      name: 'to "the\\\nfleet"',
      type: 'otlp',
      condition: 'waiting',
      written: { batches: 9, records: 4_608, bytes: 0 },
      behind: { batches: 4, records: 2_048, bytes: 1_000_000, ageMillis: 95_000 },
      retries: 12,
      blocking: true,
      rejected: { http_400: { batches: 1, records: 3 } },
      deadLetters: { batches: 1, records: 3 },
      dropped: { behind_age: { batches: 1, records: 512 }, partial_success: { batches: 0, records: 2 } },
      trouble: 'connect ECONNREFUSED\u001b[2J 127.0.0.1:4317',
      lastError: { text: 'connect ECONNREFUSED\u001b[2J 127.0.0.1:4317', atMillis: 1_700_000_060_000 },
    }),
  ],
});

export function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return { state: 'ready', report, ...changes };
}
