import { randomBytes } from 'node:crypto';
import { type JournalEntry, rejectedError, type Sink } from '../../component/index.ts';
import { newProducer, type Producer } from '../../frames/index.ts';
import { Exchange } from './exchange.ts';
import { ForwardLink, type ForwardLinkOptions } from './forward-link.ts';

/** The state that is stored with the cursor. */
interface ForwardState {
  /** 16 random bytes, hex. Anyone who knows them can send as this sink. */
  readonly secret: string;
  /** The index of the last entry that the other daemon has. */
  readonly last: number;
}

/**
 * Sends entries to the `zmqAck` receiver of another daemon, as a client of its ack protocol. The number of a
 * batch is its index in the local journal, so repeats after a crash of either daemon are detected: each entry
 * is in the other journal exactly once.
 *
 * Its producer id is derived from a secret that is stored with the cursor. Replayed dead letters have old
 * indexes, so they are sent with a different producer id, at least once.
 */
export class ForwardSink implements Sink {
  readonly #options: ForwardLinkOptions;
  readonly #letters = newProducer();
  #letterSeq = 0;
  /**
   * The causes of entries that were rejected in failed attempts, by index. The other daemon may have the
   * batches after them, and would then appear to have these too.
   */
  readonly #refused = new Map<number, string>();
  #link: ForwardLink | undefined;
  #producer: Producer | undefined;
  #state: ForwardState | undefined;

  constructor(options: ForwardLinkOptions) {
    this.#options = options;
  }

  async open(state: unknown): Promise<void> {
    this.#state = parseState(state);
    this.#link ??= new ForwardLink(this.#options);
  }

  /** Returns a new secret, so that it is on disk before it is used. */
  async prepare(): Promise<ForwardState | undefined> {
    if (this.#state !== undefined) return undefined;
    this.#state = { secret: randomBytes(16).toString('hex'), last: 0 };
    return this.#state;
  }

  async write(entries: readonly JournalEntry[], signal: AbortSignal): Promise<ForwardState> {
    const isReplay = entries[0]!.isReplay === true;
    const refused = isReplay ? await this.#sendLetters(entries, signal) : await this.#send(entries, signal);
    if (refused.size === 0) return this.#state!;
    const [cause = ''] = refused.values();
    throw rejectedError(
      cause,
      `the other daemon rejected the batch: ${cause}`,
      [...refused.keys()],
      this.#state,
    );
  }

  /** @returns the indexes of the entries that the other daemon rejected permanently, with the causes */
  async #send(entries: readonly JournalEntry[], signal: AbortSignal): Promise<ReadonlyMap<number, string>> {
    const { secret, last } = this.#state!;
    this.#producer ??= newProducer(Buffer.from(secret, 'hex'));
    const open = entries.filter(({ index }) => !this.#refused.has(index));
    const exchange = new Exchange(
      this.#producer,
      open.map((entry) => ({ seq: entry.index, entry })),
    );
    try {
      if (open.length > 0) await this.#link!.run(exchange, signal);
    } finally {
      for (const { entry, cause } of exchange.refused) this.#refused.set(entry.index, cause);
    }
    this.#state = { secret, last: Math.max(last, entries.at(-1)!.index) };
    const refused = new Map<number, string>();
    for (const { index } of entries) {
      const cause = this.#refused.get(index);
      if (cause !== undefined) refused.set(index, cause);
      this.#refused.delete(index);
    }
    return refused;
  }

  /** Numbers are never reused, even after a failure: the next call may have other letters. */
  async #sendLetters(letters: readonly JournalEntry[], signal: AbortSignal) {
    const exchange = new Exchange(
      this.#letters,
      letters.map((entry) => ({ seq: ++this.#letterSeq, entry })),
    );
    await this.#link!.run(exchange, signal);
    return new Map(exchange.refused.map(({ entry, cause }) => [entry.index, cause]));
  }

  async close(): Promise<void> {
    this.#link?.close();
  }
}

function parseState(state: unknown): ForwardState | undefined {
  const { secret, last } = (state ?? {}) as Partial<ForwardState>;
  const isState = typeof secret === 'string' && /^[0-9a-f]{32}$/.test(secret) && Number.isSafeInteger(last);
  return isState ? { secret, last: last! } : undefined;
}
