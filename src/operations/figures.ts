import type { BatchCount, ProcessorStats } from '../component/index.ts';
import {
  byCause,
  counter,
  each,
  type Field,
  fields,
  gauge,
  inPlace,
  inText,
  named,
  oneOf,
  presence,
  seconds,
} from './figure.ts';
import type { ReceiverReport, SinkReport, StatusReport } from './status-report.ts';

const journal = fields<StatusReport['journal']>({
  bytes: gauge('journal_bytes', 'Size of the journal.', 'table'),
  maxBytes: gauge('journal_max_bytes', 'Maximum size of the journal.', 'table'),
  batches: gauge('journal_batches', 'Batches in the journal.', 'table'),
  isFull: gauge('journal_full', '1 if the journal is full and accepts no batches.', 'table'),
  producers: gauge('journal_producers', 'Senders known for deduplication.', 'table'),
  segments: gauge('journal_segments', 'Files of the journal.', 'others', 'segments'),
  queuedBatches: gauge(
    'journal_queued_batches',
    'Batches that wait to be written.',
    'others',
    'batches queued',
  ),
  queuedBytes: gauge('journal_queued_bytes', 'Their size.', 'others', 'bytes queued'),
  groups: counter('journal_groups', 'Groups of batches that were written.', 'others', 'groups written'),
  syncs: counter('journal_syncs', 'Calls of fdatasync.', 'others', 'fdatasync calls'),
  refused: byCause(
    counter(
      'journal_refused_batches',
      'Batches rejected because the journal was full.',
      'losses',
      'batches refused, journal full',
    ),
  ),
  forgottenProducers: counter(
    'journal_forgotten_producers',
    'Senders forgotten because of the limits of number or age; a batch that they repeat is written twice.',
    'losses',
    'senders forgotten',
  ),
  damagedRanges: counter('journal_damaged_ranges', 'Damaged ranges.', 'losses', 'damaged ranges'),
  damagedBytes: counter('journal_damaged_bytes', 'Bytes in damaged ranges.', 'losses', 'bytes damaged'),
  uncopiedBytes: counter(
    'journal_uncopied_bytes',
    'Damaged bytes that were not copied to a file.',
    'losses',
    'damaged bytes not copied',
  ),
  cutBytes: counter(
    'journal_cut_bytes',
    'Bytes of torn writes that were truncated at startup.',
    'losses',
    'bytes truncated, torn write',
  ),
  missingBatches: counter(
    'journal_missing_batches',
    'Batches of segments that were missing at startup.',
    'losses',
    'batches missing',
  ),
  missingRecords: counter(
    'journal_missing_records',
    'Records of segments that were missing at startup.',
    'losses',
    'records missing',
  ),
});

const selfLogs = fields<StatusReport['selfLogs']>({
  dropped: counter(
    'self_logs_dropped',
    "The daemon's own records that did not reach the journal.",
    'losses',
    'own records dropped',
  ),
  suppressed: counter(
    'self_logs_suppressed',
    "The daemon's own records that were suppressed because too many were similar.",
    'losses',
    'own records suppressed, similar',
  ),
});

const receiver = fields<ReceiverReport>({
  name: inText(),
  endpoint: inText(),
  batches: counter('receiver_batches', 'Batches accepted.', 'table'),
  records: counter('receiver_records', 'Records accepted.', 'table'),
  bytes: counter('receiver_bytes', 'Bytes accepted, decompressed.', 'table'),
  duplicates: counter('receiver_duplicates', 'Batches that had been accepted before.', 'table'),
  refused: byCause(counter('receiver_refused_batches', 'Batches refused.', 'losses', 'batches refused')),
  dropped: byCause(
    counter('receiver_dropped_records', 'Records that were read and dropped.', 'losses', 'records dropped'),
  ),
});

const processor = fields<ProcessorStats>({
  name: inText(),
  type: inText(),
  batches: counter('processor_batches', 'Batches processed.', 'others', 'batches processed'),
  records: counter('processor_records', 'Records that it returned.', 'others', 'records returned'),
  failures: counter(
    'processor_failures',
    'Number of times that it threw, or its process could not be started, ended, or timed out.',
    'losses',
    'failures',
  ),
});

const sink = fields<SinkReport>({
  name: inText(),
  type: inText(),
  condition: oneOf('sink_state', '1 for the current state of the sink.', [
    'new',
    'opening',
    'running',
    'waiting',
    'hung',
    'stopped',
    'removed',
  ]),
  written: fields({
    batches: counter('sink_written_batches', 'Batches written.', 'others', 'batches written'),
    records: counter('sink_written_records', 'Records written.', 'table'),
    bytes: counter('sink_written_bytes', 'Bytes of the journal written.', 'others', 'bytes written'),
  }),
  behind: fields({
    batches: gauge(
      'sink_behind_batches',
      'Batches in the journal that it has not written.',
      'others',
      'batches behind',
    ),
    records: gauge('sink_behind_records', 'Records in the journal that it has not written.', 'table'),
    bytes: gauge('sink_behind_bytes', 'Their size.', 'table'),
    ageMillis: seconds('sink_behind', 'Age of the oldest of them.', 'table'),
  }),
  retries: counter('sink_retries', 'Writes that failed and were repeated.', 'table'),
  rejected: byCause(countsOf('sink_rejected', 'the destination rejected', 'rejected')),
  deadLetters: fields({
    batches: counter('sink_dead_letter_batches', 'Batches kept as dead letters.', 'others', 'dead letters'),
    records: counter('sink_dead_letters', 'Records kept as dead letters.', 'table'),
  }),
  damagedLetterBytes: counter(
    'sink_damaged_dead_letter_bytes',
    'Bytes of dead letters that were damaged when they were replayed.',
    'losses',
    'bytes of dead letters damaged',
  ),
  filtered: byCause(
    counter(
      'sink_filtered_records',
      'Records that rules and processors filtered out for the sink, by rule or processor.',
      'others',
      'records filtered',
    ),
  ),
  redacted: byCause(
    counter(
      'sink_redacted_records',
      'Records that rules changed for the sink, by rule.',
      'others',
      'records redacted',
    ),
  ),
  dropped: byCause(countsOf('sink_dropped', 'the sink will never write', 'dropped')),
  blocking: gauge(
    'sink_blocking',
    '1 if the sink is too far behind, so that no records are accepted.',
    'table',
  ),
  trouble: presence('sink_failing', '1 if the last write failed and is being retried.'),
  lastError: fields({
    text: inText(),
    atMillis: seconds('sink_last_error_timestamp', 'Time of its last error, since 1970.', 'table'),
  }),
  own: named(({ labels }) => `sink_${labels.type}`),
});

function countsOf(metric: string, which: string, what: string): Field<BatchCount> {
  return fields<BatchCount>({
    batches: counter(`${metric}_batches`, `Batches that ${which}.`, 'losses', `batches ${what}`),
    records: counter(`${metric}_records`, `Records that ${which}.`, 'losses', `records ${what}`),
  });
}

/** All fields of the report, and how they are exposed. */
export const figures: Field<StatusReport> = fields<StatusReport>({
  version: inText(),
  pid: inText(),
  upMillis: seconds('uptime', 'Time since the start.', 'table'),
  memory: fields({
    residentBytes: gauge('resident_memory_bytes', 'Memory of the process.', 'table'),
    neededBytes: gauge(
      'needed_memory_bytes',
      'Maximum memory of the process according to its limits.',
      'table',
    ),
  }),
  journal: inPlace('journal', journal),
  selfLogs: inPlace('distlogd', selfLogs),
  receivers: each(({ name }) => ({ where: `receiver ${name}`, labels: { receiver: name } }), receiver),
  processors: each(
    ({ name, type }) => ({ where: `processor ${name}`, labels: { processor: name, type } }),
    processor,
  ),
  sinks: each(({ name, type }) => ({ where: `sink ${name}`, labels: { sink: name, type } }), sink),
});
