import { armTimeout, clearTimeout, monotonicNow } from '../record/index.ts';
import type { Connection } from './connection.ts';
import { ZmtpError } from './zmtp-error.ts';

/** While other connections wait, the oldest incomplete message must be complete within this time. */
const MAX_BLOCKING_MILLIS = 5_000;
const CHECK_MILLIS = 1_000;

/**
 * Bounds the bytes of unprocessed messages that all connections of a server hold together.
 *
 * Above the bound, only the connection whose message began first may read, so one connection always makes
 * progress. If its message is not complete in time while others wait, the connection is closed and the next
 * oldest may read.
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

  /** @returns whether the connection may continue reading; if not, it is resumed later */
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
    this.#checkLater();
    return false;
  }

  remove(connection: Connection): void {
    this.#waiting.delete(connection);
    this.set(connection, 0);
  }

  /** The connection whose incomplete message began first. */
  #first(): Connection | undefined {
    let first: Connection | undefined;
    for (const connection of this.#held.keys()) {
      if ((connection.beganAt ?? Number.POSITIVE_INFINITY) < (first?.beganAt ?? Number.POSITIVE_INFINITY))
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

  #checkLater(): void {
    if (this.#timer !== undefined) return;
    this.#timer = armTimeout(() => {
      this.#timer = undefined;
      this.#check();
    }, CHECK_MILLIS);
    this.#timer.unref();
  }

  #check(): void {
    if (this.#waiting.size === 0) return;
    const first = this.#first();
    if (first?.beganAt !== undefined && monotonicNow() - first.beganAt >= MAX_BLOCKING_MILLIS) {
      const why = `its message (${first.bytesHeld} bytes so far) was incomplete after ${MAX_BLOCKING_MILLIS} ms while other connections wait`;
      first.destroy(new ZmtpError('too_slow', why));
    } else if (first !== undefined && this.#waiting.delete(first)) {
      first.resume();
    }
    if (this.#waiting.size > 0) this.#checkLater();
  }

  close(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#waiting.clear();
  }
}
