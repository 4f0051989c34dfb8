import { showSize } from '../text/index.ts';
import type { DaemonState } from './snapshot.ts';
import type { StatusReport } from './status-report.ts';
import { table } from './table.ts';

/** What `/status` answers; an older daemon does not say its state. */
export type Status = StatusReport & Partial<DaemonState>;

type Counts = Readonly<Record<string, number>>;
type Row = readonly string[];

/**
 * The status of a daemon for people: the journal, how far each sink is behind, what each receiver took, and every loss
 * by its cause. Text from records and clients may stand in it, so control characters become blanks.
 */
export function formatStatus(status: Status): string {
  const parts = [heading(status), receiverTable(status), sinkTable(status), losses(status), troubles(status)];
  const lines = parts
    .filter((part) => part.length > 0)
    .flatMap((part, at) => (at === 0 ? part : ['', ...part]));
  return `${lines.map((line) => line.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ')).join('\n')}\n`;
}

function heading({ version, pid, upMillis, state, reason, journal, ownRecordsLost = 0 }: Status): Row {
  const { batches, bytes, maxBytes, producers, isFull } = journal;
  const now = state === undefined ? [] : [reason === undefined ? state : `${state} (${reason})`];
  const percent = maxBytes > 0 ? ` (${Math.floor((bytes / maxBytes) * 100)}%)` : '';
  return [
    [`distlogd ${version}`, ...now, `process ${pid}`, `up ${duration(upMillis)}`].join(', '),
    `journal: ${many(batches, 'batch', 'batches')}, ${size(bytes)} of ${size(maxBytes)}${percent}, ${many(producers, 'sender', 'senders')}${isFull ? ', full: nothing is taken' : ''}`,
    ...(ownRecordsLost > 0 ? [`own records: ${number(ownRecordsLost)} lost`] : []),
  ];
}

function receiverTable({ receivers }: Status): Row {
  return table(
    ['receiver', 'endpoint', '>records', '>batches', '>bytes', '>repeated', '>refused', '>lost'],
    receivers.map((one) => [
      one.name,
      one.endpoint,
      number(one.records),
      number(one.batches),
      one.bytes === undefined ? '' : size(one.bytes),
      number(one.duplicates),
      number(sum(one.refused)),
      number(sum(one.dropped)),
    ]),
  );
}

function sinkTable({ sinks }: Status): Row {
  return table(
    [
      'sink',
      'type',
      'state',
      '>written',
      '>behind',
      '>bytes',
      '>oldest',
      '>retries',
      '>dead letters',
      '>lost',
    ],
    sinks.map((one) => [
      one.name,
      one.type,
      `${one.condition ?? ''}${one.isBlocking === true ? ', blocks' : ''}`,
      number(one.written),
      number(one.behind.records),
      size(one.behind.bytes),
      duration(one.behind.ageMillis),
      one.retries === undefined ? '' : number(one.retries),
      number(one.deadLetters),
      number(sum(one.lost)),
    ]),
  );
}

function losses({ journal, receivers, sinks }: Status): Row {
  const rows = [
    ...byCause('journal', 'batches without room', journal.refused ?? {}),
    ...receivers.flatMap(({ name, refused, dropped }) => [
      ...byCause(`receiver ${name}`, 'batches refused', refused),
      ...byCause(`receiver ${name}`, 'records lost', dropped),
    ]),
    ...sinks.flatMap(({ name, lost }) => byCause(`sink ${name}`, 'records lost', lost)),
  ];
  return table(['refused or lost', '', 'cause', '>count'], rows);
}

function troubles({ sinks }: Status): Row {
  return sinks.flatMap(({ name, trouble }) =>
    trouble === undefined ? [] : [`sink ${name} tries again: ${trouble}`],
  );
}

function byCause(where: string, what: string, counts: Counts): Row[] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([cause, count]) => [where, what, cause, number(count)]);
}

function sum(counts: Counts): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function many(count: number, one: string, more: string): string {
  return `${number(count)} ${count === 1 ? one : more}`;
}

/** 1234567 -> `1,234,567` */
function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Three digits and a unit. */
function size(bytes: number): string {
  const unit = [2 ** 40, 2 ** 30, 2 ** 20, 2 ** 10].find((one) => bytes >= one);
  if (unit === undefined) return showSize(bytes);
  return showSize(unit).replace('1', String(Number((bytes / unit).toPrecision(3))));
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** 3_905_000 -> `1h 5m`; below ten seconds with a tenth. */
function duration(millis: number): string {
  if (millis < 10_000) return millis === 0 ? '0' : `${(millis / 1_000).toFixed(1)}s`;
  const seconds = Math.floor(millis / 1_000);
  const at = units.findIndex(([, length]) => seconds >= length);
  const [[name, length], small] = [units[at]!, units[at + 1]];
  const rest = small === undefined ? 0 : Math.floor((seconds % length) / small[1]);
  return `${Math.floor(seconds / length)}${name}${rest === 0 ? '' : ` ${rest}${small![0]}`}`;
}
