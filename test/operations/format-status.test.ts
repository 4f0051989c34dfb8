import { formatStatus } from '../../src/operations/index.ts';
import { snapshot } from './support/report.ts';

test('the status is a table: journal, receivers, sinks behind, losses by cause, what is tried again', () => {
  const { report, ...state } = snapshot();

  expect(formatStatus({ ...report, ...state }).split('\n')).toEqual([
    'distlogd 1.2.3, ready, process 42, up 1h 5m',
    'journal: 10 batches, 2.86MiB of 8GiB (0%), 3 senders',
    '',
    'RECEIVER  ENDPOINT                RECORDS  BATCHES    BYTES  REPEATED  REFUSED  LOST',
    'zmqAck    tcp://127.0.0.1:5011  5,120,000    1,010     900B         1       32     0',
    'zmqPush   tcp://127.0.0.1:5010          9        1  1.18MiB         0        0     7',
    '',
    'SINK             TYPE  STATE              WRITTEN  BEHIND   BYTES  OLDEST  RETRIES  DEAD LETTERS  LOST',
    'files            file  running          5,120,009       0       0       0        0             0     0',
    'to "the\\ fleet"  otlp  waiting, blocks      4,608   2,048  977KiB  1m 35s       12             3   512',
    '',
    'REFUSED OR LOST                             CAUSE       COUNT',
    'journal               batches without room  disk            4',
    'receiver zmqAck       batches refused       full           30',
    'receiver zmqAck       batches refused       malformed       2',
    'receiver zmqPush      records lost          full            7',
    'sink to "the\\ fleet"  records lost          behind_age    512',
    '',
    'sink to "the\\ fleet" tries again: connect ECONNREFUSED [2J 127.0.0.1:4317',
    '',
  ]);
});

test('a state that is not ready says why; a full journal and lost records of its own are told', () => {
  const { report } = snapshot();
  const text = formatStatus({
    ...report,
    state: 'failed',
    reason: 'EIO',
    ownRecordsLost: 1_000,
    journal: { ...report.journal, bytes: 8_589_934_592, isFull: true, batches: 1, producers: 1 },
    receivers: [],
    sinks: [],
  });

  expect(text.split('\n').slice(0, 4)).toEqual([
    'distlogd 1.2.3, failed (EIO), process 42, up 1h 5m',
    'journal: 1 batch, 8GiB of 8GiB (100%), 1 sender, full: nothing is taken',
    'own records: 1,000 lost',
    '',
  ]);
  expect(text).not.toMatch(/RECEIVER|SINK/);
});

test.each([
  [0, '0'],
  [1_540, '1.5s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [3_599_000, '59m 59s'],
  [90_061_000, '1d 1h'],
])('%p milliseconds are shown as %p', (upMillis, shown) => {
  expect(formatStatus({ ...snapshot().report, upMillis })).toContain(`up ${shown}\n`);
});
