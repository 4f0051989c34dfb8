import type { Socket } from 'node:net';
import { monotonicNow } from '../record/index.ts';

/** The send buffer counts as full from this size on. */
const FULL_BYTES = 256 * 1024;
/** This much is written at once; less waits for what is sent in the same turn of the event loop. */
const FLUSH_BYTES = 16 * 1024;
/** Chunks up to this size are joined. */
const JOINED_BYTES = 1_024;
const PAGE_BYTES = 16 * 1024;

/**
 * The send buffer of a socket. It joins small chunks, and reports when there is room again and when the
 * operating system has taken everything.
 */
export class Outgoing {
  readonly #socket: Socket;
  readonly #drained: () => void;
  #pieces: Uint8Array[] = [];
  #page: Buffer | undefined;
  /** How much of the page is used, and where the part begins that is not yet among the chunks. */
  #used = 0;
  #pageStart = 0;
  /** Bytes that have not been written to the socket. */
  #pending = 0;
  /** Bytes that were written to the socket and that the operating system has not taken. */
  #unwritten = 0;
  #isScheduled = false;
  #wasFull = false;
  #isClosed = false;
  #progressAt = 0;

  constructor(socket: Socket, drained: () => void) {
    this.#socket = socket;
    this.#drained = drained;
  }

  get bytes(): number {
    return this.#pending + this.#unwritten;
  }

  get isFull(): boolean {
    return this.bytes >= FULL_BYTES;
  }

  /** For how long the operating system has taken nothing although data waits. */
  get stuckMillis(): number {
    return this.#unwritten === 0 ? 0 : monotonicNow() - this.#progressAt;
  }

  /** The chunks must not change afterwards. */
  add(pieces: readonly Uint8Array[]): void {
    if (this.#isClosed) return;
    for (const piece of pieces) {
      this.#pending += piece.length;
      if (piece.length <= JOINED_BYTES) this.#join(piece);
      else {
        this.#closePage();
        this.#pieces.push(piece);
      }
    }
    if (this.isFull) this.#wasFull = true;
    if (this.#pending >= FLUSH_BYTES) return this.flush();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    void Promise.resolve().then(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** Writes everything that waits to the socket. */
  flush(): void {
    if (this.#isClosed || this.#pending === 0) return;
    this.#closePage();
    const pieces = this.#pieces;
    const bytes = this.#pending;
    this.#pieces = [];
    this.#pending = 0;
    if (this.#unwritten === 0) this.#progressAt = monotonicNow();
    this.#unwritten += bytes;
    // A write that fails, or is cancelled with its socket, does not count as taken.
    const written = (error?: Error | null) => {
      if (!error && !this.#socket.destroyed) this.#written(bytes);
    };
    if (pieces.length > 1) this.#socket.cork();
    for (const [at, piece] of pieces.entries()) {
      if (at === pieces.length - 1) this.#socket.write(piece, written);
      else this.#socket.write(piece);
    }
    if (pieces.length > 1) this.#socket.uncork();
  }

  close(): void {
    this.#isClosed = true;
    this.#pieces = [];
    this.#page = undefined;
  }

  #join(piece: Uint8Array): void {
    if (this.#page === undefined || this.#used + piece.length > PAGE_BYTES) {
      this.#closePage();
      this.#page = Buffer.allocUnsafeSlow(PAGE_BYTES);
      this.#used = 0;
      this.#pageStart = 0;
    }
    this.#page.set(piece, this.#used);
    this.#used += piece.length;
  }

  /** Later data uses the rest of the page; the bytes that were written do not change. */
  #closePage(): void {
    if (this.#page === undefined || this.#pageStart === this.#used) return;
    this.#pieces.push(this.#page.subarray(this.#pageStart, this.#used));
    this.#pageStart = this.#used;
  }

  #written(bytes: number): void {
    this.#unwritten -= bytes;
    this.#progressAt = monotonicNow();
    if (this.#isClosed) return;
    const isRoom = this.#wasFull && this.bytes < FULL_BYTES / 2;
    if (isRoom) this.#wasFull = false;
    if (isRoom || this.bytes === 0) this.#drained();
  }
}
