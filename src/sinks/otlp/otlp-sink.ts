import type { ByCause, JournalEntry, OwnLog, Sink } from '../../component/index.ts';
import { rejectedError, retryLaterError } from '../../component/index.ts';
import { requestPieces } from '../../otlp/index.ts';
import { Severity, systemClock } from '../../record/index.ts';
import type { Answer, Transport } from './answer.ts';
import { grpcTransport } from './grpc-transport.ts';
import { httpTransport } from './http-transport.ts';
import { type Destination, type OtlpSinkOptions, type OtlpSinkTools, requestUrl } from './options.ts';

/** How long to leave a server alone that refuses us, not our records. */
const MISPLACED_MILLIS = 30_000;
/** So many refusals in one call are worth the search for the entry that is to blame. */
const MAX_REFUSALS = 128;
const TOLD_MILLIS = 60_000;

interface Verdict {
  readonly cause: string;
  readonly message: string;
}

/**
 * Sends records to a Collector, or to whatever else takes OTLP, at least once. The journal's bytes go out as they are:
 * small entries one behind the other in one request, long ones cut between records.
 *
 * By the OTLP specification: what may succeed later comes again, not before the server allows; of a partial success
 * nothing comes again, it is counted as dropped (`partial_success`); what is too large is halved; of what is refused the entry
 * that is to blame is searched for by halves, and rejected alone. Beyond the specification: a server that refuses us
 * rather than our records (401, 403, 404, UNAUTHENTICATED, UNIMPLEMENTED, ...) is asked again every half minute, so
 * that an expired token costs time and not records.
 */
export class OtlpSink implements Sink {
  readonly #options: OtlpSinkOptions;
  readonly #destination: Destination;
  readonly #log: OwnLog;
  readonly #counters = { requests: 0, request_bytes: 0 };
  readonly #dropped = { partial_success: 0 };
  /** Of entries that come again because of others: what became of them. */
  readonly #taken = new WeakSet<JournalEntry>();
  readonly #refused = new WeakMap<JournalEntry, Verdict>();
  #transport: Transport | undefined;
  #refusals = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: OtlpSinkOptions, { log, tls, clock = systemClock }: OtlpSinkTools) {
    const { headers, compression, timeoutMillis } = options;
    this.#options = options;
    this.#log = log;
    this.#destination = {
      url: requestUrl(options),
      headers,
      compression,
      timeoutMillis,
      tls: { ...tls, insecure: options.tls?.insecure },
      clock,
    };
  }

  async open(): Promise<void> {
    this.#transport ??=
      this.#options.protocol === 'grpc'
        ? await grpcTransport(this.#destination)
        : httpTransport(this.#destination);
  }

  async write(entries: readonly JournalEntry[], signal: AbortSignal): Promise<undefined> {
    this.#refusals = 0;
    const open = entries.filter((entry) => !this.#taken.has(entry) && !this.#refused.has(entry));
    for (const group of groupsOf(open, this.#options.maxRequestBytes)) await this.#sendGroup(group, signal);
    const bad = entries.filter((entry) => this.#refused.has(entry));
    if (bad.length === 0) return;
    const { cause, message } = this.#refused.get(bad[0]!)!;
    throw rejectedError(
      cause,
      message,
      bad.map(({ index }) => index),
    );
  }

  async close(): Promise<void> {
    this.#transport?.close();
    this.#transport = undefined;
  }

  counters(): Readonly<Record<string, number>> {
    return this.#counters;
  }

  /** What the destination did not take of requests that it took. */
  dropped(): ByCause {
    return this.#dropped;
  }

  async #sendGroup(group: readonly JournalEntry[], signal: AbortSignal): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    const isAlone = group.length === 1;
    if (isAlone && first.body.length > this.#options.maxRequestBytes) {
      await this.#sendPieces(first, this.#options.maxRequestBytes, signal);
      return;
    }
    const body = isAlone ? first.body : Buffer.concat(group.map((entry) => entry.body));
    const answer = await this.#send(body, signal);
    if (answer.kind === 'taken') {
      for (const entry of group) this.#taken.add(entry);
      return;
    }
    if (answer.kind === 'too_large' && isAlone) {
      await this.#sendPieces(first, body.length / 2, signal);
      return;
    }
    this.#refusals += 1;
    if (isAlone || (answer.kind === 'refused' && this.#refusals > MAX_REFUSALS)) {
      for (const entry of group) this.#refused.set(entry, answer);
      return;
    }
    const middle = group.length >> 1;
    await this.#sendGroup(group.slice(0, middle), signal);
    await this.#sendGroup(group.slice(middle), signal);
  }

  /** An entry of which a piece is refused is refused as a whole, though its other pieces may have been taken. */
  async #sendPieces(entry: JournalEntry, maxBytes: number, signal: AbortSignal): Promise<void> {
    const queue = [{ body: entry.body, records: entry.records, maxBytes }];
    let verdict: Verdict | undefined;
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      for (const piece of requestPieces(next.body, next.records, next.maxBytes)) {
        const answer = await this.#send(piece.body, signal);
        if (answer.kind === 'taken') continue;
        // A piece of all its records cannot be cut any further.
        if (answer.kind === 'too_large' && piece.records < next.records) {
          queue.push({ ...piece, maxBytes: piece.body.length / 2 });
        } else verdict = answer;
      }
    }
    if (verdict === undefined) this.#taken.add(entry);
    else this.#refused.set(entry, verdict);
  }

  /** @throws what makes the runner try again */
  async #send(
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<Extract<Answer, { readonly kind: 'taken' | 'too_large' | 'refused' }>> {
    const transport = this.#transport;
    if (transport === undefined) throw new Error('the sink is not open');
    signal.throwIfAborted();
    this.#counters.requests += 1;
    this.#counters.request_bytes += body.length;
    const answer = await transport.send(body, signal);
    if (answer.kind === 'later') throw retryLaterError(answer.message, answer.afterMillis);
    if (answer.kind === 'misplaced') {
      throw retryLaterError(
        `${answer.message}; this is for the set-up, not for the records`,
        MISPLACED_MILLIS,
      );
    }
    if (answer.kind === 'taken') this.#countPartial(answer.rejectedRecords, answer.message);
    return answer;
  }

  #countPartial(records: number, message: string): void {
    if (records === 0 && message === '') return;
    this.#dropped.partial_success += records;
    const now = this.#destination.clock.now();
    if (now - this.#toldAt < TOLD_MILLIS) return;
    this.#toldAt = now;
    const { partial_success: all } = this.#dropped;
    const what = records === 0 ? 'warned' : `did not take ${records} records (${all} since the start)`;
    this.#log.emit(Severity.WARN, `otlp sink: ${this.#destination.url.host} ${what}: ${message}`);
  }
}

/** Entries that fit in one request together, in their order. */
function* groupsOf(entries: readonly JournalEntry[], maxBytes: number): Generator<readonly JournalEntry[]> {
  let group: JournalEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (group.length > 0 && bytes + entry.body.length > maxBytes) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(entry);
    bytes += entry.body.length;
  }
  if (group.length > 0) yield group;
}
