import type { Clock } from '../../record/index.ts';
import type { ServerConnection } from '../../zmtp/index.ts';

/** Further subscriptions are ignored. */
const MAX_SUBSCRIPTIONS = 1_000;
/** How long to wait for a subscriber that has been reading so far. */
const WAIT_MILLIS = 100;

/** A connected SUB socket: its subscriptions, and how many messages it missed. */
export class Subscriber {
  readonly #connection: ServerConnection;
  /** Topic prefixes, as latin1, with the number of subscriptions for each. */
  readonly #prefixes = new Map<string, number>();
  /** Messages that it did not read in time. */
  missed = 0;
  /** Waiting for it timed out, so it is not waited for again before it has read. */
  #isSlow = false;
  #drained: () => void = () => {};

  constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  subscribe(prefix: Uint8Array): void {
    const key = Buffer.from(prefix).toString('latin1');
    const count = this.#prefixes.get(key) ?? 0;
    if (count > 0 || this.#prefixes.size < MAX_SUBSCRIPTIONS) this.#prefixes.set(key, count + 1);
  }

  cancel(prefix: Uint8Array): void {
    const key = Buffer.from(prefix).toString('latin1');
    const count = this.#prefixes.get(key) ?? 0;
    if (count > 1) this.#prefixes.set(key, count - 1);
    else this.#prefixes.delete(key);
  }

  wants(topic: string): boolean {
    for (const prefix of this.#prefixes.keys()) if (topic.startsWith(prefix)) return true;
    return false;
  }

  /** The subscriber has read what was sent. */
  drained(): void {
    this.#isSlow = false;
    this.#drained();
  }

  /** Resolves when there is room for a message, or after {@link WAIT_MILLIS}. */
  async room(clock: Clock): Promise<void> {
    if (!this.#connection.isFull || this.#isSlow) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(WAIT_MILLIS, () => {
        this.#isSlow = true;
        resolve();
      });
      this.#drained = () => {
        cancel();
        resolve();
      };
    });
  }

  /** @returns whether the message was sent; if not, the subscriber reads too slowly and has missed it */
  send(topic: Uint8Array, body: Uint8Array, number: number): boolean {
    if (this.#connection.isFull) {
      this.missed += 1;
      return false;
    }
    const trailer = Buffer.alloc(16);
    trailer.writeBigUInt64BE(BigInt(number), 0);
    trailer.writeBigUInt64BE(BigInt(this.missed), 8);
    this.#connection.send([topic, body, trailer]);
    return true;
  }
}
