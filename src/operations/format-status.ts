import type { BatchCount, ByCause } from '../component/index.ts';
import { columnsOf, count, counted, durationText, safeText, sizeText } from '../text/index.ts';
import type { Measured } from './figure.ts';
import { figures } from './figures.ts';
import type { DaemonState, StatusReport } from './status-report.ts';

/** The response of `/status`. */
export type Status = StatusReport & Partial<DaemonState>;

type Row = readonly string[];

/**
 * Formats the status of a daemon as text: the journal, how far each sink is behind, what each receiver
 * accepted, every loss by cause, and all other counters. It may contain text from records and clients, so
 * control characters are escaped.
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
  return `${lines.map((line) => safeText(line)).join('\n')}\n`;
}

function heading({ version, pid, upMillis, state, reason, blocked, memory, journal }: Status): Row {
  const { batches, bytes, maxBytes, producers, isFull } = journal;
  const now = state === undefined ? [] : [reason === undefined ? state : `${state} (${reason})`];
  const percent = maxBytes > 0 ? ` (${Math.floor((bytes / maxBytes) * 100)}%)` : '';
  return [
    [`distlogd ${version}`, ...now, `process ${pid}`, `up ${durationText(upMillis / 1e3)}`].join(', '),
    `memory: ${sizeText(memory.residentBytes)}, by its limits at most ${sizeText(memory.neededBytes)}`,
    `journal: ${counted(batches, 'batch', 'batches')}, ${sizeText(bytes)} of ${sizeText(maxBytes)}${percent}, ${counted(producers, 'sender')}${isFull ? ', full' : ''}`,
    ...(blocked === undefined ? [] : [`no records are accepted: ${blocked}`]),
  ];
}

function receiverTable({ receivers }: Status): Row {
  return table(
    ['receiver', 'endpoint', '>records', '>batches', '>bytes', '>repeated', '>refused', '>dropped'],
    receivers.map((one) => [
      one.name,
      one.endpoint,
      count(one.records),
      count(one.batches),
      sizeText(one.bytes),
      count(one.duplicates),
      count(sum(one.refused)),
      count(sum(one.dropped)),
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
      count(one.written.records),
      count(one.behind.records),
      sizeText(one.behind.bytes),
      durationText(one.behind.ageMillis / 1e3),
      count(one.retries),
      count(one.deadLetters.records),
      count(records(one.dropped)),
    ]),
  );
}

function losses(all: readonly Measured[]): Row {
  const rows = all.map(({ where, figure, cause, value }) => [where, figure.what, cause, count(value)]);
  return table(['refused or lost', '', 'cause', '>count'], rows);
}

function others(all: readonly Measured[]): Row {
  const rows = all.map(({ where, figure, cause, value }) => {
    return [where, cause === '' ? figure.what : `${figure.what}, ${cause}`, count(value)];
  });
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

/**
 * Formats rows under headings: columns are aligned and separated by two spaces, cells are made safe for a
 * terminal. A heading with the prefix `>` is for numbers, and its column is aligned to the right.
 * @returns no lines if there are no rows
 */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const isRight = headings.map((heading) => heading.startsWith('>'));
  const all = [
    headings.map((heading) => heading.replace(/^>/, '').toUpperCase()),
    ...rows.map((row) => row.map((cell) => safeText(cell))),
  ];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => columnsOf(row[column]!))));
  return all.map((row) =>
    row
      .map((cell, column) => {
        const blanks = ' '.repeat(widths[column]! - columnsOf(cell));
        return isRight[column] ? blanks + cell : cell + blanks;
      })
      .join('  ')
      .trimEnd(),
  );
}
