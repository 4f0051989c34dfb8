import type { Patterns } from '../ottl/index.ts';
import { errorText } from '../record/index.ts';
import type { StoreReaders } from '../store/index.ts';
import type { LineStream } from './line-stream.ts';
import type { LiveTap } from './live-tap.ts';
import { countQuery, QueryError, recordsQuery, type TailQuery, tailQuery } from './reader-query.ts';
import { type Answer, jsonAnswer, type Route, type StreamAnswer } from './route.ts';

/** The sources of the reader's API. */
export interface RecordSources {
  /** Undefined if the configuration has no store. */
  readonly store: () => StoreReaders | undefined;
  readonly tap: LiveTap;
  /** For regular expressions in conditions. */
  readonly patterns?: Patterns | undefined;
}

const RECORDS_MILLIS = 30_000;
const COUNT_MILLIS = 2_000;
const NANOS_PER_MILLI = 1_000_000n;
const NO_STORE =
  'no store: add a sink of type store to the configuration of distlogd, such as ' +
  '"sinks: { store: { type: store } }"';

/** Returns the routes of docs/reader-api.md. */
export function readerRoutes(sources: RecordSources): readonly Route[] {
  const route = (path: string, query: string, answer: Route['answer']): Route => ({
    method: 'GET',
    path,
    query,
    isOpen: false,
    answer: (parameters) => guarded(() => answer(parameters)),
  });
  return [
    route('/api/v1/records', '?words=TEXT', (query) => records(sources, query)),
    route('/api/v1/count', '?words=TEXT', (query) => count(sources, query)),
    route('/api/v1/tail', '?when=OTTL', (query) => tail(sources, query)),
  ];
}

function records(sources: RecordSources, parameters: URLSearchParams): Answer | StreamAnswer {
  const query = recordsQuery(parameters, sources.patterns);
  const store = sources.store();
  if (store === undefined) return failure(404, NO_STORE);
  if (store.isFull) return unavailable('too many queries are waiting');
  return {
    stream: async (out) => {
      const found = await store.records(query, {
        boundMillis: RECORDS_MILLIS,
        signal: out.signal,
        onLines: (lines) => out.write(lines),
      });
      // A response without its last line is recognized as incomplete.
      if (!found.isCut) await out.writeInfo({ records: found.records, more: found.more });
    },
  };
}

async function count(sources: RecordSources, parameters: URLSearchParams): Promise<Answer> {
  const query = countQuery(parameters, sources.patterns);
  const store = sources.store();
  if (store === undefined) return failure(404, NO_STORE);
  if (store.isFull) return unavailable('too many queries are waiting');
  const { signal } = new AbortController();
  try {
    const found = await store.count(query, { boundMillis: COUNT_MILLIS, signal });
    const atLeast = found.isCut ? { atLeast: true } : {};
    return jsonAnswer(200, { distlog: { records: found.records, ...atLeast } });
  } catch (error) {
    return unavailable(errorText(error));
  }
}

function tail({ tap, store, patterns }: RecordSources, parameters: URLSearchParams): Answer | StreamAnswer {
  const query = tailQuery(parameters, patterns);
  const readers = store();
  if (query.sinceMillis !== undefined && readers === undefined) return failure(404, NO_STORE);
  if (tap.isFull) return unavailable('too many clients follow the records');
  return {
    stream: async (out) => {
      const from = await stored(out, query, parameters.get('when'), readers, tap);
      // Other clients may have connected in the meantime.
      if (tap.isFull) throw new Error('too many clients follow the records');
      await tap.follow(out, query.condition, from);
    },
  };
}

/** Writes the stored records. @returns the journal entry that follows them */
async function stored(
  out: LineStream,
  { sinceMillis }: TailQuery,
  when: string | null,
  readers: StoreReaders | undefined,
  tap: LiveTap,
): Promise<number> {
  if (sinceMillis === undefined || readers === undefined) return tap.end;
  const from = String(BigInt(Math.max(0, Date.now() - sinceMillis)) * NANOS_PER_MILLI);
  const query = { when: when ?? undefined, from, limit: Number.MAX_SAFE_INTEGER, order: 'oldest' } as const;
  const found = await readers.records(query, {
    boundMillis: RECORDS_MILLIS,
    signal: out.signal,
    onLines: (lines) => out.write(lines),
  });
  if (found.isCut) await out.writeInfo({ cut: true });
  return tap.placeOf(found.cursor);
}

async function guarded(answer: () => ReturnType<Route['answer']>): Promise<Answer | StreamAnswer> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const { message, parameter, column } = error;
    return jsonAnswer(400, { error: { message, parameter, column } });
  }
}

function failure(status: number, message: string): Answer {
  return jsonAnswer(status, { error: { message } });
}

/** Also used for errors before a stream has begun. */
export function unavailable(message: string): Answer {
  return { ...failure(503, message), headers: { 'retry-after': '5' } };
}
