import { Child, ChildEnded, type Listener } from './child.ts';
import { markDamaged } from './partition-files.ts';
import type { Query } from './query.ts';
import type { Found } from './store-reader.ts';

/** Options of {@link StoreReaders}. */
export interface StoreReadersOptions {
  /** The URL of the compiled `store-program`. */
  readonly program: URL;
  readonly directory: string;
  /** Called with messages that an operator should know about. */
  readonly onWarning: (message: string) => void;
  /** The maximum number of processes. Default: 2. */
  readonly processes?: number | undefined;
  /** An idle process ends after this time. Default: 60,000 ms. */
  readonly idleMillis?: number | undefined;
}

export interface ReadOptions {
  /**
   * The search ends after this time with the results so far. If it does not, its process is killed; time
   * spent waiting for the client does not count.
   */
  readonly boundMillis: number;
  readonly signal: AbortSignal;
  /** Receives lines of OTLP/JSON. A returned promise is awaited; the process waits meanwhile. */
  readonly onLines?: (lines: Buffer) => Promise<void> | undefined;
}

/** The maximum number of waiting queries. */
const MAX_WAITING = 32;
const GRACE_MILLIS = 2_000;
/** How long a process may take to start, in addition to its search. On a busy machine it takes seconds. */
const START_MILLIS = 10_000;
const FATAL_ENDS = 2;

/**
 * Processes that search a store, so that no query delays the daemon and no damaged file ends it. Each process
 * has one query at a time; further queries wait. Processes are started when needed.
 *
 * A damaged partition is removed from the store. So is one at which a process has ended twice by itself
 * without a successful read in between.
 */
export class StoreReaders {
  readonly #options: StoreReadersOptions & { readonly processes: number; readonly idleMillis: number };
  readonly #idle: { readonly child: Child; readonly timer: NodeJS.Timeout }[] = [];
  readonly #busy = new Set<Child>();
  readonly #ends = new Map<string, number>();
  #waiting: (() => void)[] = [];
  #isClosed = false;

  constructor({ processes = 2, idleMillis = 60_000, ...options }: StoreReadersOptions) {
    this.#options = { ...options, processes, idleMillis };
  }

  /** Whether no further query can wait. */
  get isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING;
  }

  records(query: Query, options: ReadOptions): Promise<Found> {
    return this.#search('records', query, options);
  }

  count(query: Query, options: ReadOptions): Promise<Found> {
    return this.#search('count', query, options);
  }

  /** Ends all processes. Queries in progress fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    for (const { child, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      this.#busy.add(child);
    }
    const all = [...this.#busy];
    for (const child of all) child.kill();
    await Promise.all(all.map(({ ended }) => ended));
  }

  async #search(kind: 'records' | 'count', query: Query, options: ReadOptions): Promise<Found> {
    let child = await this.#acquire(options.signal);
    let hasSent = false;
    for (;;) {
      try {
        return await this.#ask(child, kind, query, options, () => {
          hasSent = true;
        });
      } catch (error) {
        // Nothing was sent to the client yet, so another process may retry.
        const isAgain = error instanceof ChildEnded && this.#countEnd(error) && !hasSent;
        if (!isAgain || options.signal.aborted || this.#isClosed) throw error;
      } finally {
        this.#giveBack(child);
      }
      child = this.#take();
    }
  }

  async #ask(
    child: Child,
    kind: 'records' | 'count',
    query: Query,
    { boundMillis, signal, onLines }: ReadOptions,
    onSent: () => void,
  ): Promise<Found> {
    signal.throwIfAborted();
    const { directory } = this.#options;
    const kill = () => child.kill();
    const wait = () => {
      const starting = child.hasAnswered ? 0 : START_MILLIS;
      return setTimeout(kill, boundMillis + GRACE_MILLIS + starting).unref();
    };
    let timer = wait();
    signal.addEventListener('abort', kill);
    const opened: string[] = [];
    const listener: Listener = (answer, bytes) => {
      if (answer.kind === 'at') opened.push(answer.name);
      if (answer.kind === 'warning') this.#options.onWarning(answer.message);
      if (answer.kind === 'damaged') this.#markDamaged(answer.name, answer.why);
      if (answer.kind !== 'lines') return undefined;
      onSent();
      const taken = onLines?.(bytes);
      if (taken === undefined) return undefined;
      // Time spent waiting for the client does not count.
      clearTimeout(timer);
      return taken.finally(() => {
        timer = wait();
      });
    };
    try {
      const { found } = await child.order({ kind, directory, query, boundMillis }, [], listener);
      if (found === undefined) throw new Error('the process of the store answered without a result');
      for (const name of opened) this.#ends.delete(name);
      return found;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      signal.throwIfAborted();
    }
  }

  /** @returns whether a retry may help: the process ended while it read a partition */
  #countEnd({ at }: ChildEnded): boolean {
    if (at === undefined) return false;
    const ends = (this.#ends.get(at) ?? 0) + 1;
    this.#ends.set(at, ends);
    if (ends >= FATAL_ENDS) {
      this.#ends.delete(at);
      this.#markDamaged(at, 'the process ended twice when it was read');
    }
    return true;
  }

  #markDamaged(name: string, why: string): void {
    this.#options.onWarning(`${name} cannot be read (${why}); the store continues without it`);
    markDamaged(this.#options.directory, name, why);
  }

  /**
   * Waits for a free process and takes it in the same turn: before the next turn another query could take it,
   * or the store could be closed.
   */
  async #acquire(signal: AbortSignal): Promise<Child> {
    if (this.isFull) throw new Error('too many queries are waiting');
    while (!this.#isClosed && !signal.aborted && this.#busy.size >= this.#options.processes) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', leave);
          resolve();
        };
        const leave = () => {
          this.#waiting.splice(this.#waiting.indexOf(wake), 1);
          resolve();
        };
        this.#waiting.push(wake);
        signal.addEventListener('abort', leave, { once: true });
      });
    }
    // Passes the turn to the next query.
    if (signal.aborted) this.#waiting.shift()?.();
    signal.throwIfAborted();
    if (this.#isClosed) throw new Error('the store is closing');
    return this.#take();
  }

  #take(): Child {
    const idle = this.#idle.pop();
    clearTimeout(idle?.timer);
    const isUsable = idle !== undefined && !idle.child.hasEnded;
    const child = isUsable ? idle.child : new Child(this.#options.program, 'read');
    this.#busy.add(child);
    return child;
  }

  #giveBack(child: Child): void {
    this.#busy.delete(child);
    if (!child.hasEnded && !this.#isClosed) {
      const timer = setTimeout(() => {
        child.finish();
        this.#idle.splice(
          this.#idle.findIndex((one) => one.child === child),
          1,
        );
      }, this.#options.idleMillis).unref();
      this.#idle.push({ child, timer });
    }
    this.#waiting.shift()?.();
  }
}
