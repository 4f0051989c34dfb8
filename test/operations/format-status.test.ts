import { formatStatus } from '../../src/operations/index.ts';
import { snapshot, statusReport } from './support/report.ts';

test('the status is a table: journal, receivers, sinks behind, losses by cause, other counters, errors', () => {
  const { report, ...state } = snapshot();

  expect(formatStatus({ ...report, ...state }).split('\n')).toEqual([
    'distlogd 1.2.3, ready, process 42, up 1 h 5 min',
    'memory: 111 MiB, by its limits at most 2 GiB',
    'journal: 10 batches, 2.86 MiB of 8 GiB (0%), 3 senders',
    '',
    'RECEIVER  ENDPOINT                RECORDS  BATCHES     BYTES  REPEATED  REFUSED  DROPPED',
    'zmqAck    tcp://127.0.0.1:5011  5,120,000    1,010     900 B         1       32        0',
    'zmqPush   tcp://127.0.0.1:5010          9        1  1.18 MiB         0        0        7',
    '',
    'SINK              TYPE  STATE              WRITTEN  BEHIND    BYTES      OLDEST  RETRIES  DEAD LETTERS  DROPPED',
    'files             file  running          5,120,009       0      0 B         0 s        0             0        0',
    'to "the\\\\nfleet"  otlp  waiting, blocks      4,608   2,048  977 KiB  1 min 35 s       12             3      514',
    '',
    'REFUSED OR LOST                                       CAUSE            COUNT',
    'journal                batches refused, journal full  disk                 4',
    'receiver zmqAck        batches refused                malformed            2',
    'receiver zmqAck        batches refused                full                30',
    'receiver zmqPush       records dropped                full                 7',
    'sink to "the\\\\nfleet"  batches rejected               http_400             1',
    'sink to "the\\\\nfleet"  records rejected               http_400             3',
    'sink to "the\\\\nfleet"  batches dropped                behind_age           1',
    'sink to "the\\\\nfleet"  records dropped                behind_age         512',
    'sink to "the\\\\nfleet"  records dropped                partial_success      2',
    '',
    'ALSO COUNTED                            COUNT',
    'journal                segments             2',
    'sink files             batches written  1,011',
    'sink files             bytes written      900',
    'sink files             rotations            2',
    'sink to "the\\\\nfleet"  batches written      9',
    'sink to "the\\\\nfleet"  batches behind       4',
    'sink to "the\\\\nfleet"  dead letters         1',
    '',
    'sink files, last error at 2023-11-14T22:13:20.000Z: ENOSPC: no space left on device',
    'sink to "the\\\\nfleet" retries since its error at 2023-11-14T22:14:20.000Z: connect ECONNREFUSED\\x1b[2J 127.0.0.1:4317',
    '',
  ]);
});

test('a state that is not ready says why; a full journal and dropped records of its own are shown', () => {
  const text = formatStatus({
    ...statusReport({
      journal: { bytes: 8_589_934_592, isFull: true, batches: 1, producers: 1 },
      selfLogs: { dropped: 1_000, suppressed: 0 },
    }),
    state: 'failed',
    reason: 'EIO',
    blocked: 'the journal is full',
  });

  expect(text.split('\n')).toEqual([
    'distlogd 1.2.3, failed (EIO), process 42, up 1 h 5 min',
    'memory: 111 MiB, by its limits at most 2 GiB',
    'journal: 1 batch, 8 GiB of 8 GiB (100%), 1 sender, full',
    'no records are accepted: the journal is full',
    '',
    'REFUSED OR LOST                       CAUSE  COUNT',
    'distlogd         own records dropped         1,000',
    '',
  ]);
});
