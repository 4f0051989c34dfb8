import type { BatchCount, ByCause } from '../component/index.ts';
import { showSize } from '../text/index.ts';
import type { Measured } from './figure.ts';
import { figures } from './figures.ts';
import type { DaemonState } from './snapshot.ts';
import type { StatusReport } from './status-report.ts';
import { table } from './table.ts';

/** What `/status` answers. */
export type Status = StatusReport & Partial<DaemonState>;

type Row = readonly string[];

/**
 * The status of a daemon for people: the journal, how far each sink is behind, what each receiver took, every loss by
 * its cause, and all other counters. Text from records and clients may stand in it, so control characters become blanks.
 */
export function formatStatus(status: Status): string {
  const all = [...figures.measure(status, { where: '', labels: {} })].filter(({ value }) => value > 0);
  const parts = [
    heading(status),
    receiverTable(status),
    sinkTable(status),
    losses(all.filter(({ figure }) => figure.shown === 'losses')),
    others(all.filter(({ figure }) => figure.shown === 'others')),
    errors(status),
  ];
  const lines = parts
    .filter((part) => part.length > 0)
    .flatMap((part, at) => (at === 0 ? part : ['', ...part]));
  return `${lines.map((line) => line.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ')).join('\n')}\n`;
}

function heading({ version, pid, upMillis, state, reason, blocked, journal }: Status): Row {
  const { batches, bytes, maxBytes, producers, isFull } = journal;
  const now = state === undefined ? [] : [reason === undefined ? state : `${state} (${reason})`];
  const percent = maxBytes > 0 ? ` (${Math.floor((bytes / maxBytes) * 100)}%)` : '';
  return [
    [`distlogd ${version}`, ...now, `process ${pid}`, `up ${duration(upMillis)}`].join(', '),
    `journal: ${many(batches, 'batch', 'batches')}, ${size(bytes)} of ${size(maxBytes)}${percent}, ${many(producers, 'sender', 'senders')}${isFull ? ', full' : ''}`,
    ...(blocked === undefined ? [] : [`nothing is taken: ${blocked}`]),
  ];
}

function receiverTable({ receivers }: Status): Row {
  return table(
    ['receiver', 'endpoint', '>records', '>batches', '>bytes', '>repeated', '>refused', '>dropped'],
    receivers.map((one) => [
      one.name,
      one.endpoint,
      number(one.records),
      number(one.batches),
      size(one.bytes),
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
      '>dropped',
    ],
    sinks.map((one) => [
      one.name,
      one.type,
      `${one.condition}${one.blocking ? ', blocks' : ''}`,
      number(one.written.records),
      number(one.behind.records),
      size(one.behind.bytes),
      duration(one.behind.ageMillis),
      number(one.retries),
      number(one.deadLetters.records),
      number(records(one.dropped)),
    ]),
  );
}

function losses(all: readonly Measured[]): Row {
  const rows = all.map(({ where, figure, cause, value }) => [where, figure.what, cause, number(value)]);
  return table(['refused or lost', '', 'cause', '>count'], rows);
}

function others(all: readonly Measured[]): Row {
  const rows = all.map(({ where, figure, value }) => [where, figure.what, number(value)]);
  return table(['also counted', '', '>count'], rows);
}

function errors({ sinks }: Status): Row {
  return sinks.flatMap(({ name, trouble, lastError }) => {
    const last = lastError === undefined ? '' : new Date(lastError.atMillis).toISOString();
    if (trouble !== undefined && trouble === lastError?.text) {
      return [`sink ${name} retries since its error at ${last}: ${trouble}`];
    }
    return [
      ...(trouble === undefined ? [] : [`sink ${name} retries: ${trouble}`]),
      ...(lastError === undefined ? [] : [`sink ${name}, last error at ${last}: ${lastError.text}`]),
    ];
  });
}

function sum(counts: ByCause): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function records(counts: ByCause<BatchCount>): number {
  return Object.values(counts).reduce((total, { records }) => total + records, 0);
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
