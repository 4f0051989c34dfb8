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
    const { secret, last } = this.#state!;
    this.#producer ??= newProducer(Buffer.from(secret, 'hex'));
    const isReplay = entries[0]!.index <= last;
    const exchange = isReplay
      ? new Exchange(
          this.#letters,
          entries.map((entry, at) => ({ seq: this.#letterSeq + at + 1, entry })),
        )
      : new Exchange(
          this.#producer,
          entries.map((entry) => ({ seq: entry.index, entry })),
        );
    await this.#link!.run(exchange, signal);
    if (isReplay) this.#letterSeq += entries.length;
    else this.#state = { secret, last: entries.at(-1)!.index };
    const { refused } = exchange;
    if (refused.length === 0) return this.#state!;
    const indexes = refused.map(({ entry }) => entry.index);
    const { cause } = refused[0]!;
    throw rejectedError(cause, `the other daemon refused it: ${cause}`, indexes, this.#state);
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
