import { randomBytes } from 'node:crypto';
import { type JournalEntry, rejectedError, type Sink } from '../../component/index.ts';
import { newProducer, type Producer } from '../../frames/index.ts';
import { Exchange } from './exchange.ts';
import { ForwardLink, type ForwardLinkOptions } from './forward-link.ts';

/** What is stored with the cursor. */
interface ForwardState {
  /** 16 random bytes, hex: who knows them can send in the name of this sink. */
  readonly secret: string;
  /** The index of the last entry that the other daemon holds. */
  readonly last: number;
}

/**
 * Sends entries to the `zmqAck` receiver of another daemon, as a client of its ack protocol. The number of a batch there
 * is its index in the journal here, so what comes again after a crash of either daemon is recognised: each entry is in the
 * other journal exactly once.
 *
 * Its name for the other daemon (the producer) is made of a secret that is stored with the cursor. Dead letters that are
 * handed back have old numbers, so they go under another name, at least once.
 */
export class ForwardSink implements Sink {
  readonly #options: ForwardLinkOptions;
  readonly #letters = newProducer();
  #letterSeq = 0;
  /**
   * Refused in attempts that failed then, by index: the other daemon may hold what came after them, and would
   * seem to hold these too.
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

  /** The secret is on the disk before it is used. */
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
    throw rejectedError(cause, `the other daemon refused it: ${cause}`, [...refused.keys()], this.#state);
  }

  /** @returns the indexes of those that the other daemon will never take, and why */
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

  /** Never the same number again, also after a failure: other letters may come then. */
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
