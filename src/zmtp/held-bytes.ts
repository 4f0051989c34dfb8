import { armTimeout, clearTimeout, monotonicNow } from '../record/index.ts';
import type { Connection } from './connection.ts';
import { ZmtpError } from './zmtp-error.ts';

/** While others wait, a message that has not become whole within this makes room for them. */
const PATIENCE_MILLIS = 5_000;
const LOOK_MILLIS = 1_000;

/**
 * The bytes that all connections of a server hold of messages that were not taken yet, and their bound.
 *
 * Beyond it nothing more is read, save from the connection whose message began first: so one always gets on. If that
 * does not become whole while others wait, its connection is cut off, and the next is the first.
 */
export class HeldBytes {
  readonly #max: number;
  readonly #held = new Map<Connection, number>();
  readonly #waiting = new Set<Connection>();
  #sum = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  get bytes(): number {
    return this.#sum;
  }

  /** @returns whether the connection may read on; else it is resumed later */
  set(connection: Connection, bytes: number): boolean {
    this.#sum += bytes - (this.#held.get(connection) ?? 0);
    if (bytes === 0) this.#held.delete(connection);
    else this.#held.set(connection, bytes);
    if (this.#sum <= this.#max) {
      this.#resume();
      return true;
    }
    if (bytes === 0 || this.#first() === connection) return true;
    this.#waiting.add(connection);
    this.#lookLater();
    return false;
  }

  remove(connection: Connection): void {
    this.#waiting.delete(connection);
    this.set(connection, 0);
  }

  /** The connection whose message began first. */
  #first(): Connection | undefined {
    let first: Connection | undefined;
    for (const connection of this.#held.keys()) {
      if ((connection.begunAt ?? Number.POSITIVE_INFINITY) < (first?.begunAt ?? Number.POSITIVE_INFINITY))
        first = connection;
    }
    return first;
  }

  #resume(): void {
    for (const connection of this.#waiting) {
      if (this.#sum > this.#max) return;
      this.#waiting.delete(connection);
      connection.resume();
    }
  }

  #lookLater(): void {
    if (this.#timer !== undefined) return;
    this.#timer = armTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, LOOK_MILLIS);
    this.#timer.unref();
  }

  #look(): void {
    if (this.#waiting.size === 0) return;
    const first = this.#first();
    if (first?.begunAt !== undefined && monotonicNow() - first.begunAt >= PATIENCE_MILLIS) {
      const why = `its message of ${first.bytesHeld} bytes so far was not whole after ${PATIENCE_MILLIS} ms, and others wait`;
      first.destroy(new ZmtpError('too_slow', why));
    } else if (first !== undefined && this.#waiting.delete(first)) {
      first.resume();
    }
    if (this.#waiting.size > 0) this.#lookLater();
  }

  close(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#waiting.clear();
  }
}
