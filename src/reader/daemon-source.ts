import { setTimeout as wait } from 'node:timers/promises';
import { decodeJsonLogs, groupsOf, type LogGroup } from '../otlp/index.ts';
import { BURST_RELEASED_EVENT } from '../record/index.ts';
import { durationText, showDuration } from '../text/index.ts';
import { answerLines, type HttpTarget } from './http-client.ts';
import { ReaderError } from './reader-error.ts';
import { filterOf } from './record-filter.ts';
import type { Found, RecordCount, RecordQuery, RecordSource, TailQuery, ViewName } from './record-source.ts';

/** Maximum number of records in one answer, see docs/reader-api.md. */
const MAX_RECORDS = 100_000;
const FIRST_RETRY_MILLIS = 250;
const MAX_RETRY_MILLIS = 5_000;
/** The length of a complete trace id, in hex digits. */
const TRACE_DIGITS = 32;

/** A status line of the daemon, between or after the records. */
interface StatusLine {
  readonly records?: number;
  readonly more?: boolean;
  readonly atLeast?: boolean;
  readonly missed?: number;
}

/**
 * Reads from a distlogd: the records in its store, and new ones. docs/reader-api.md is the contract. A live
 * view reconnects when the daemon restarts, and reports that records in between are missing.
 */
export class DaemonSource implements RecordSource {
  readonly name: string;
  readonly isIndexed = true;
  readonly #target: HttpTarget;

  constructor(target: Omit<HttpTarget, 'hint'>) {
    this.name = target.name;
    this.#target = { ...target, hint: 'is distlogd running?' };
  }

  async *find(query: RecordQuery, signal: AbortSignal): AsyncGenerator<Found> {
    const { limit, order = 'newest' } = query;
    const parameters = { ...parametersOf(query), order, limit: String(Math.min(limit, MAX_RECORDS)) };
    let end: StatusLine | undefined;
    try {
      for await (const each of this.#answer('/api/v1/records', parameters, signal)) {
        if ('status' in each) end = each.status;
        else yield* each.groups;
      }
    } catch (error) {
      if (!isCut(error)) throw error;
    }
    if (signal.aborted) return;
    if (end?.records === undefined) {
      const message = `${this.name}: the answer is incomplete; the records before are shown; narrow the query`;
      yield { notice: 'problem', message };
    } else if (end.more === true) yield { notice: 'more' };
  }

  async count(query: Omit<RecordQuery, 'limit' | 'order'>, signal: AbortSignal): Promise<RecordCount> {
    for await (const each of this.#answer('/api/v1/count', parametersOf(query), signal)) {
      if ('status' in each && each.status.records !== undefined) {
        return { records: each.status.records, atLeast: each.status.atLeast === true };
      }
    }
    if (signal.aborted) return { records: 0, atLeast: true };
    throw new ReaderError('answer', `${this.name} returned no count`);
  }

  async *tail(query: TailQuery, signal: AbortSignal): AsyncGenerator<Found> {
    const matching = filterOf({ words: query.words, traceId: query.traceId });
    const { when, fromNanos } = query;
    const since = fromNanos === undefined ? undefined : BigInt(Date.now()) * 1_000_000n - fromNanos;
    let parameters: Readonly<Record<string, string>> = {
      ...(when !== undefined && { when: when.text }),
      ...(since !== undefined && { since: showDuration(Math.max(1, Number(since / 1_000_000n))) }),
    };
    let retryMillis = FIRST_RETRY_MILLIS;
    /** The time when the connection was closed. */
    let awaySince: number | undefined;
    while (!signal.aborted) {
      try {
        for await (const each of this.#answer('/api/v1/tail', parameters, signal)) {
          if (awaySince !== undefined) yield reconnected(this.name, awaySince);
          awaySince = undefined;
          retryMillis = FIRST_RETRY_MILLIS;
          if ('status' in each) {
            if (each.status.missed !== undefined) yield { notice: 'missed', records: each.status.missed };
            continue;
          }
          for (const group of each.groups) {
            const shown = matching(group);
            if (shown !== undefined) yield shown;
          }
        }
      } catch (error) {
        const isAway =
          awaySince !== undefined && error instanceof ReaderError && error.kind === 'unavailable';
        if (!isAway && !isCut(error)) throw error;
      }
      if (signal.aborted) return;
      if (awaySince === undefined) {
        awaySince = performance.now();
        yield { notice: 'problem', message: `${this.name} closed the connection; reconnecting` };
      }
      parameters = when === undefined ? {} : { when: when.text };
      await wait(retryMillis, undefined, { signal }).catch(() => {});
      retryMillis = Math.min(2 * retryMillis, MAX_RETRY_MILLIS);
    }
  }

  /** The parsed lines of an answer. */
  async *#answer(
    path: string,
    parameters: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly status: StatusLine } | { readonly groups: Iterable<LogGroup> }> {
    for await (const line of answerLines(this.#target, path, parameters, signal)) {
      try {
        if (line.startsWith(STATUS_PREFIX))
          yield { status: (JSON.parse(line) as { readonly distlog: StatusLine }).distlog };
        else yield { groups: groupsOf(decodeJsonLogs(line)) };
      } catch (error) {
        const why = (error as Error).message;
        throw new ReaderError('answer', `${this.name} sent an invalid answer: ${why}`);
      }
    }
  }
}

const STATUS_PREFIX = '{"distlog":';

function isCut(error: unknown): boolean {
  return error instanceof ReaderError && error.kind === 'cut';
}

function reconnected(name: string, since: number): Found {
  const away = durationText((performance.now() - since) / 1e3);
  return {
    notice: 'problem',
    message: `${name} is back after ${away}; records that arrived in between are not shown, see distlog find --since`,
  };
}

/** Words that all records of a view contain: the daemon has an index of words, but not of conditions. */
const WORDS_OF_VIEW: Readonly<Partial<Record<ViewName, string>>> = { bursts: BURST_RELEASED_EVENT };

/** The prefix of a trace id becomes a condition. */
function parametersOf({
  words: given = '',
  view,
  when,
  traceId = '',
  fromNanos,
  toNanos,
}: Omit<RecordQuery, 'limit' | 'order'>): Readonly<Record<string, string>> {
  const known = view === undefined ? undefined : WORDS_OF_VIEW[view];
  const words = known === undefined ? given : `${given} ${known}`.trim();
  const isWhole = traceId.length === TRACE_DIGITS;
  const begins = traceId === '' || isWhole ? undefined : `HasPrefix(trace_id.string, "${traceId}")`;
  const conditions = [when?.text, begins].filter((text) => text !== undefined);
  return {
    ...(words.trim() !== '' && { words }),
    ...(conditions.length > 0 && { when: conditions.map((text) => `(${text})`).join(' and ') }),
    ...(isWhole && { trace: traceId }),
    ...(fromNanos !== undefined && { from: String(fromNanos) }),
    ...(toNanos !== undefined && { to: String(toNanos) }),
  };
}
