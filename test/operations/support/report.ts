import type { Snapshot } from '../../../src/operations/index.ts';
import type { StatusReport } from '../../../src/operations/status-report.ts';

const report: StatusReport = {
  version: '1.2.3',
  pid: 42,
  upMillis: 3_905_000,
  journal: {
    batches: 10,
    bytes: 3_000_000,
    maxBytes: 8_589_934_592,
    producers: 3,
    isFull: false,
    refused: { disk: 4, bytes: 0 },
  },
  ownRecordsLost: 0,
  receivers: [
    {
      name: 'zmqAck',
      endpoint: 'tcp://127.0.0.1:5011',
      batches: 1_010,
      records: 5_120_000,
      bytes: 900,
      duplicates: 1,
      refused: { malformed: 2, full: 30, busy: 0 },
      dropped: {},
    },
    {
      name: 'zmqPush',
      endpoint: 'tcp://127.0.0.1:5010',
      batches: 1,
      records: 9,
      bytes: 1_234_567,
      duplicates: 0,
      refused: {},
      dropped: { full: 7 },
    },
  ],
  sinks: [
    {
      name: 'files',
      type: 'file',
      condition: 'running',
      behind: { batches: 0, records: 0, bytes: 0, ageMillis: 0 },
      retries: 0,
      isBlocking: false,
      written: 5_120_009,
      lost: { behind_bytes: 0 },
      deadLetters: 0,
    },
    {
      name: 'to "the\\\nfleet"',
      type: 'otlp',
      condition: 'waiting',
      behind: { batches: 4, records: 2_048, bytes: 1_000_000, ageMillis: 95_000 },
      retries: 12,
      isBlocking: true,
      written: 4_608,
      lost: { behind_age: 512 },
      deadLetters: 3,
      trouble: 'connect ECONNREFUSED\u001b[2J 127.0.0.1:4317',
    },
  ],
};

export function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return { state: 'ready', report, ...changes };
}
