import type { ByCause, JournalEntry, OwnLog, Sink } from '../../component/index.ts';
import { rejectedError, retryLaterError } from '../../component/index.ts';
import { requestPieces } from '../../otlp/index.ts';
import { Severity, systemClock } from '../../record/index.ts';
import type { Answer, Transport } from './answer.ts';
import { grpcTransport } from './grpc-transport.ts';
import { httpTransport } from './http-transport.ts';
import { type Destination, type OtlpSinkOptions, type OtlpSinkTools, requestUrl } from './options.ts';

/** Retry delay while the destination refuses the sink (credentials, address) rather than the records. */
const MISCONFIGURED_MILLIS = 30_000;
/** How many rejected requests per call are split to find the entry that caused the rejection. */
const MAX_REJECTIONS = 128;
const WARNING_MILLIS = 60_000;

interface Rejection {
  readonly cause: string;
  readonly message: string;
}

/**
 * Sends records to a Collector or another OTLP destination, at least once. The journal's bytes are sent
 * unchanged: small entries are concatenated to one request, long ones are split between records.
 *
 * By the OTLP specification: retryable failures are retried, not before the server allows it. Records of a
 * partial success are not resent; they are counted as dropped (`partial_success`). A request that is too
 * large is split in halves. If the server rejects a request, it is split repeatedly to find the entry that
 * caused the rejection, and only that entry is rejected. Beyond the specification: if the server refuses the
 * sink rather than the records (401, 403, 404, UNAUTHENTICATED, UNIMPLEMENTED, ...), the sink retries every
 * 30 seconds, so that an expired token costs time but no records.
 */
export class OtlpSink implements Sink {
  readonly #options: OtlpSinkOptions;
  readonly #destination: Destination;
  readonly #log: OwnLog;
  readonly #counters = { requests: 0, request_bytes: 0 };
  readonly #dropped = { partial_success: 0 };
  /** The results of entries that are written again because of other entries. */
  readonly #taken = new WeakSet<JournalEntry>();
  readonly #refused = new WeakMap<JournalEntry, Rejection>();
  #transport: Transport | undefined;
  #rejections = 0;
  #warnedAt = Number.NEGATIVE_INFINITY;

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
    this.#rejections = 0;
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

  /** Records that the destination rejected in requests that it accepted. */
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
    this.#rejections += 1;
    if (isAlone || (answer.kind === 'refused' && this.#rejections > MAX_REJECTIONS)) {
      for (const entry of group) this.#refused.set(entry, answer);
      return;
    }
    const middle = group.length >> 1;
    await this.#sendGroup(group.slice(0, middle), signal);
    await this.#sendGroup(group.slice(middle), signal);
  }

  /** An entry is rejected completely if one of its parts is rejected, even if other parts were accepted. */
  async #sendPieces(entry: JournalEntry, maxBytes: number, signal: AbortSignal): Promise<void> {
    const queue = [{ body: entry.body, records: entry.records, maxBytes }];
    let rejection: Rejection | undefined;
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      for (const piece of requestPieces(next.body, next.records, next.maxBytes)) {
        const answer = await this.#send(piece.body, signal);
        if (answer.kind === 'taken') continue;
        // A part with all the records cannot be split further.
        if (answer.kind === 'too_large' && piece.records < next.records) {
          queue.push({ ...piece, maxBytes: piece.body.length / 2 });
        } else rejection = answer;
      }
    }
    if (rejection === undefined) this.#taken.add(entry);
    else this.#refused.set(entry, rejection);
  }

  /** @throws errors after which the runner retries */
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
    if (answer.kind === 'misconfigured') {
      throw retryLaterError(
        `${answer.message}; check the endpoint and the credentials of the sink; no records are lost`,
        MISCONFIGURED_MILLIS,
      );
    }
    if (answer.kind === 'taken') this.#countPartial(answer.rejectedRecords, answer.message);
    return answer;
  }

  #countPartial(records: number, message: string): void {
    if (records === 0 && message === '') return;
    this.#dropped.partial_success += records;
    const now = this.#destination.clock.now();
    if (now - this.#warnedAt < WARNING_MILLIS) return;
    this.#warnedAt = now;
    const { partial_success: all } = this.#dropped;
    const what = records === 0 ? 'sent a warning' : `rejected ${records} records (${all} since the start)`;
    this.#log.emit(Severity.WARN, `otlp sink: ${this.#destination.url.host} ${what}: ${message}`);
  }
}

/** Groups consecutive entries that fit in one request. */
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
