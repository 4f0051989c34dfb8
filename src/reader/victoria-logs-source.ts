import type { LogGroup } from '../otlp/index.ts';
import { showDuration } from '../text/index.ts';
import { answerLines, type HttpTarget } from './http-client.ts';
import { ReaderError } from './reader-error.ts';
import { filterOf, timeOf } from './record-filter.ts';
import type { Found, RecordCount, RecordQuery, RecordSource, TailQuery, ViewName } from './record-source.ts';
import { rowOf, timeText, VictoriaLogsRows } from './victoria-logs-rows.ts';

/** Number of rows per page if a user's condition is evaluated here. */
const PAGE_ROWS = 10_000;
const FIRST_TIME = 0n;
const LAST_TIME = 8_640_000_000_000_000_000n;
/** The delay of records in a live view, in which VictoriaLogs waits for late ones. */
const TAIL_DELAY = '1s';

/** Supersets of the views in LogsQL; the condition itself is evaluated here. */
const VIEWS: Readonly<Record<ViewName, string>> = {
  errors: '(severity_number:>=17 or severity_number:in("","0"))',
  numberedErrors: 'severity_number:>=17',
  failures: '(severity_number:>=17 or severity_number:in("","0") or event_name:="burst.released")',
  bursts: 'event_name:="burst.released"',
  tasks: 'task.id:*',
  failedTasks: '(task.id:* or severity_number:>=17 or severity_number:in("","0"))',
};

/**
 * Reads from VictoriaLogs, single server or cluster, by its HTTP API. Time, trace, words and views are
 * evaluated by VictoriaLogs; a condition is evaluated here, for all records of the requested time, newest
 * first.
 */
export class VictoriaLogsSource implements RecordSource {
  readonly name: string;
  readonly isIndexed = true;
  readonly #target: HttpTarget;

  constructor(target: Omit<HttpTarget, 'hint'>) {
    this.name = target.name;
    this.#target = { ...target, hint: 'is it running?' };
  }

  async *find(query: RecordQuery, signal: AbortSignal): AsyncGenerator<Found> {
    const { limit, order = 'newest' } = query;
    const matching = filterOf(query);
    let left = limit;
    for await (const group of this.#pages(query, order, limit, signal)) {
      const found = matching(group);
      if (found === undefined) continue;
      if (left <= 0) {
        yield { notice: 'more' };
        return;
      }
      left -= found.records.length;
      yield found;
    }
  }

  async count(query: Omit<RecordQuery, 'limit' | 'order'>, signal: AbortSignal): Promise<RecordCount> {
    if (query.when === undefined) {
      const counting = `${filterText(query)} | stats count() records`;
      for await (const line of this.#lines('/select/logsql/query', { query: counting }, signal)) {
        const { records = 0 } = this.#known(() => rowOf(line));
        return { records: Number(records), atLeast: false };
      }
      return { records: 0, atLeast: signal.aborted };
    }
    let records = 0;
    for await (const found of this.find({ ...query, limit: Number.POSITIVE_INFINITY }, signal)) {
      if (!('notice' in found)) records += found.records.length;
    }
    return { records, atLeast: signal.aborted };
  }

  async *tail(query: TailQuery, signal: AbortSignal): AsyncGenerator<Found> {
    const matching = filterOf(query);
    const { fromNanos } = query;
    const since = fromNanos === undefined ? 0 : Date.now() - Number(fromNanos / 1_000_000n);
    const parameters = {
      query: filterText({ ...query, fromNanos: undefined }),
      offset: TAIL_DELAY,
      refresh_interval: '1s',
      ...(since > 0 && { start_offset: showDuration(since) }),
    };
    const rows = new VictoriaLogsRows();
    for await (const line of this.#lines('/select/logsql/tail', parameters, signal)) {
      const found = matching(this.#group(rows, line));
      if (found !== undefined) yield found;
    }
  }

  /**
   * Reads pages from the newest record backward, or from the oldest forward. Records with the same time are
   * never split.
   */
  async *#pages(
    query: RecordQuery,
    order: 'newest' | 'oldest',
    limit: number,
    signal: AbortSignal,
  ): AsyncGenerator<LogGroup> {
    // One more than requested shows whether there are more.
    const size = query.when === undefined ? Math.min(PAGE_ROWS, limit + 1) : PAGE_ROWS;
    let { fromNanos = FIRST_TIME, toNanos = LAST_TIME } = query;
    const sorted = `sort by (${order === 'newest' ? '_time desc' : '_time'}) limit ${size}`;
    while (!signal.aborted && fromNanos < toNanos) {
      const page: LogGroup[] = [];
      const text = `${filterText({ ...query, fromNanos, toNanos })} | ${sorted}`;
      for await (const group of this.#rows(text, signal)) page.push(group);
      const last = page.at(-1);
      if (last === undefined || page.length < size) return yield* page;
      const edge = timeOf(last.records[0]!);
      const whole = page.filter(({ records: [record] }) => timeOf(record!) !== edge);
      // A page with a single time may not contain all records of that time.
      if (whole.length > 0) yield* whole;
      else yield* this.#rows(filterText({ ...query, fromNanos: edge, toNanos: edge + 1n }), signal);
      if (order === 'newest') toNanos = whole.length === 0 ? edge : edge + 1n;
      else fromNanos = whole.length === 0 ? edge + 1n : edge;
    }
  }

  async *#rows(query: string, signal: AbortSignal): AsyncGenerator<LogGroup> {
    const rows = new VictoriaLogsRows();
    for await (const line of this.#lines('/select/logsql/query', { query }, signal)) {
      yield this.#group(rows, line);
    }
  }

  #lines(path: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal) {
    return answerLines(this.#target, path, parameters, signal);
  }

  #group(rows: VictoriaLogsRows, line: string): LogGroup {
    return this.#known(() => rows.group(line));
  }

  #known<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      const why = (error as Error).message;
      throw new ReaderError('answer', `${this.name} sent an invalid answer: ${why}`);
    }
  }
}

/** The part of a query that VictoriaLogs can evaluate, in LogsQL. */
function filterText({
  words = '',
  view,
  traceId = '',
  fromNanos,
  toNanos,
}: Omit<RecordQuery, 'limit'>): string {
  const from = fromNanos === undefined || fromNanos === FIRST_TIME ? undefined : fromNanos;
  const to = toNanos === LAST_TIME ? undefined : toNanos;
  const isTimed = from !== undefined || to !== undefined;
  const parts = [
    isTimed ? `_time:[${timeText(from ?? FIRST_TIME)}, ${timeText(to ?? LAST_TIME)})` : '',
    traceId === '' ? '' : `trace_id:${JSON.stringify(traceId)}${traceId.length === 32 ? '' : '*'}`,
    view === undefined ? '' : VIEWS[view],
    ...words
      .split(/\s+/)
      .filter((word) => /[\p{L}\p{N}]/u.test(word))
      .map((word) => `*:i(${JSON.stringify(word)})`),
  ].filter((part) => part !== '');
  return parts.length === 0 ? '*' : parts.join(' ');
}
