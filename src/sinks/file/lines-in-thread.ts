import { Worker } from 'node:worker_threads';
import type { JournalEntry, OwnLog } from '../../component/index.ts';
import { errorText, Severity } from '../../record/index.ts';
import type { BadEntries, LineFormat, LineSource } from './line-source.ts';
import type { LineOrder, MadeLines } from './line-thread.ts';
import { LinesHere } from './lines-here.ts';

/** From so many bytes in a call on it is worth the way to another thread. */
const WORTH_BYTES = 65_536;
/** About so many bytes are ordered at once; the next order is under way while the lines of one are written. */
const ORDER_BYTES = 524_288;
/** Lines of more than this would come back too large. */
const MAX_ORDER_BYTES = 4_194_304;

export interface LinesInThreadOptions {
  readonly format: LineFormat;
  /** Where the compiled `line-thread` is. */
  readonly thread: URL;
  readonly log: OwnLog;
}

/**
 * Makes lines in a thread of its own, so that the one that receives has its time for that. The thread begins with the
 * first call that is worth it. If it ends by itself, that is logged, and all is done here from then on.
 */
export class LinesInThread implements LineSource {
  readonly #options: LinesInThreadOptions;
  readonly #here: LinesHere;
  readonly #waiting: ((made: MadeLines | undefined) => void)[] = [];
  #worker: Worker | undefined;
  #isOver = false;

  constructor(options: LinesInThreadOptions) {
    this.#options = options;
    this.#here = new LinesHere(options.format);
  }

  async *lines(
    entries: readonly JournalEntry[],
    bad: BadEntries,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    if (bytesOf(entries) < WORTH_BYTES) {
      yield* this.#here.lines(entries, bad, signal);
      return;
    }
    const orders = ordersOf(entries);
    let next = this.#order(orders[0]!);
    for (const [at, order] of orders.entries()) {
      const made = await next;
      signal.throwIfAborted();
      const following = orders[at + 1];
      if (following !== undefined) next = this.#order(following);
      if (made === undefined) {
        yield* this.#here.lines(order, bad, signal);
        continue;
      }
      for (const place of made.bad) bad.indexes.push(order[place]!.index);
      if (made.bad.length > 0) bad.message = made.message;
      if (made.bytes.length > 0) yield made.bytes;
    }
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#worker?.terminate();
  }

  /** @returns undefined if it must be done here */
  #order(entries: readonly JournalEntry[]): Promise<MadeLines | undefined> {
    if (this.#isOver || bytesOf(entries) > MAX_ORDER_BYTES) return Promise.resolve(undefined);
    try {
      this.#worker ??= this.#begin();
    } catch (error) {
      this.#end(errorText(error));
      return Promise.resolve(undefined);
    }
    const worker = this.#worker;
    const order = packed(entries);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      worker.ref();
      worker.postMessage(order, [order.bodies.buffer]);
    });
  }

  #begin(): Worker {
    const { thread, format } = this.#options;
    // What the process was started with is for the process: preloaded modules have no business here.
    const worker = new Worker(thread, { workerData: format, execArgv: [], name: 'distlogd lines' });
    worker.on('message', (made: MadeLines) => {
      this.#waiting.shift()?.(made);
      if (this.#waiting.length === 0) worker.unref();
    });
    worker.on('error', (error) => this.#end(errorText(error)));
    worker.on('exit', (code) => this.#end(`it ended with ${code}`));
    return worker;
  }

  #end(why: string): void {
    if (!this.#isOver) {
      this.#isOver = true;
      const message = `file sink: its worker thread ended, the main thread continues the work: ${why}`;
      this.#options.log.emit(Severity.WARN, message);
    }
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }
}

function ordersOf(entries: readonly JournalEntry[]): JournalEntry[][] {
  const orders: JournalEntry[][] = [];
  let bytes = ORDER_BYTES;
  for (const entry of entries) {
    if (bytes >= ORDER_BYTES) {
      orders.push([]);
      bytes = 0;
    }
    orders.at(-1)!.push(entry);
    bytes += entry.body.length;
  }
  return orders;
}

function packed(entries: readonly JournalEntry[]): LineOrder {
  const bodies = new Uint8Array(bytesOf(entries));
  const ends: number[] = [];
  let at = 0;
  for (const { body } of entries) {
    bodies.set(body, at);
    at += body.length;
    ends.push(at);
  }
  return { bodies, ends };
}

function bytesOf(entries: readonly JournalEntry[]): number {
  return entries.reduce((sum, { body }) => sum + body.length, 0);
}
