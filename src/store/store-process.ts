import { mkdtempSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, ChildEnded, type Done } from './child.ts';
import { markDamaged } from './partition-files.ts';
import type { StoreCursor } from './partition-writer.ts';
import type { StoreEntry, StoreLimits, StoreTotals, Written } from './store-writer.ts';

/** Options of {@link StoreProcess}. */
export interface StoreProcessOptions {
  /** The URL of the compiled `store-program`; undefined: a store cannot be opened. */
  readonly program: URL | undefined;
  readonly directory: string;
  readonly limits: StoreLimits;
  /** Called with messages that an operator should know about. */
  readonly onWarning: (message: string) => void;
}

const CLOSE_MILLIS = 5_000;
/** Gives the process about a third of the daemon's CPU time if both need a whole core. */
const NICE = 5;
/** How many partitions may end the process on opening before `open` fails. */
const MAX_FATAL_PARTITIONS = 8;
/** A partition is unusable if the process ended this many times on opening it. */
const FATAL_ENDS = 2;

/**
 * Manages the process that writes a store. The process is started when needed, and restarted after it has
 * ended. One call at a time.
 *
 * A partition that ends the process whenever it is opened is removed from the store, if the process can open
 * a new one.
 */
export class StoreProcess {
  readonly #options: StoreProcessOptions;
  #child: Child | undefined;
  #starts = 0;
  #totals: StoreTotals = noTotals();
  /** The totals of the processes that have ended. */
  #before: StoreTotals = noTotals();

  constructor(options: StoreProcessOptions) {
    this.#options = options;
  }

  /** Whether the process was started and has not ended. */
  get isRunning(): boolean {
    return this.#child !== undefined && !this.#child.hasEnded;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** How often the process was restarted. */
  get restarts(): number {
    return Math.max(0, this.#starts - 1);
  }

  /** The totals of all processes so far. */
  get totals(): StoreTotals {
    const [now, before] = [this.#totals, this.#before];
    return {
      partitionsCreated: now.partitionsCreated + before.partitionsCreated,
      partitionsRemoved: now.partitionsRemoved + before.partitionsRemoved,
      recordsExpired: now.recordsExpired + before.recordsExpired,
      partitionsQuarantined: now.partitionsQuarantined + before.partitionsQuarantined,
    };
  }

  /**
   * Starts the process and opens the store.
   * @returns how far the store has the entries of the journal
   * @throws (rejects) if it cannot be opened; no process is running then
   */
  async open(): Promise<StoreCursor> {
    const { directory, onWarning } = this.#options;
    const ends = new Map<string, number>();
    for (;;) {
      try {
        return await this.#start();
      } catch (error) {
        const name = error instanceof ChildEnded ? error.at : undefined;
        if (name === undefined) throw error;
        const count = (ends.get(name) ?? 0) + 1;
        ends.set(name, count);
        if (count < FATAL_ENDS) continue;
        if (ends.size > MAX_FATAL_PARTITIONS || !(await this.#canOpenAnother())) throw error;
        onWarning(`${name} ended the process of the store twice when it was opened`);
        markDamaged(directory, name, 'the process ended twice when it was opened');
      }
    }
  }

  /** @throws (rejects) ChildEnded if the process ends; Error if the entries cannot be written now */
  async write(
    entries: readonly StoreEntry[],
    cursor: StoreCursor,
    signal: AbortSignal,
  ): Promise<Written | undefined> {
    signal.throwIfAborted();
    const child = this.#running();
    const kill = () => child.kill();
    signal.addEventListener('abort', kill);
    try {
      const described = entries.map(({ index, receivedMillis, body }) => ({
        index,
        receivedMillis,
        bytes: body.length,
      }));
      const order = { kind: 'write', entries: described, cursor } as const;
      return this.#done(
        await child.order(
          order,
          entries.map(({ body }) => body),
          this.#listener,
        ),
      ).written;
    } finally {
      signal.removeEventListener('abort', kill);
      signal.throwIfAborted();
    }
  }

  /** Writes a record and rolls it back. @throws (rejects) if that is not possible */
  async probe(): Promise<void> {
    await this.#running().order({ kind: 'probe' });
  }

  /** Removes what exceeds the limits. Must be called from time to time. */
  async care(): Promise<void> {
    this.#done(await this.#running().order({ kind: 'care' }, [], this.#listener));
  }

  /** Lets the process finish, and kills it if that takes too long. */
  async close(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    child.finish();
    const timer = setTimeout(() => child.kill(), CLOSE_MILLIS);
    await child.ended;
    clearTimeout(timer);
  }

  async #start(): Promise<StoreCursor> {
    await this.close();
    const { program, directory, limits } = this.#options;
    this.#before = this.totals;
    this.#totals = noTotals();
    this.#starts += 1;
    const child = startChild(program);
    lowerPriority(child);
    try {
      const done = await child.order({ kind: 'open', directory, limits }, [], this.#listener);
      this.#child = child;
      return this.#done(done).cursor ?? { journal: '', next: 0 };
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  /** Checks whether the process works at all: opens a new store. */
  async #canOpenAnother(): Promise<boolean> {
    const { program, limits } = this.#options;
    const directory = mkdtempSync(join(tmpdir(), 'distlogd-store-'));
    const child = startChild(program);
    try {
      await child.order({ kind: 'open', directory, limits });
      return true;
    } catch {
      return false;
    } finally {
      child.kill();
      await child.ended;
      rmSync(directory, { recursive: true, force: true });
    }
  }

  #running(): Child {
    if (this.#child === undefined) throw new Error('the store is not open');
    return this.#child;
  }

  #done(done: Done): Done {
    if (done.totals !== undefined) this.#totals = done.totals;
    return done;
  }

  readonly #listener = (answer: { readonly kind: string; readonly message?: string }) => {
    if (answer.kind === 'warning' && answer.message !== undefined) this.#options.onWarning(answer.message);
  };
}

function startChild(program: URL | undefined): Child {
  if (program === undefined) throw new Error('a store requires the compiled program');
  return new Child(program, 'write');
}

function noTotals(): StoreTotals {
  return { partitionsCreated: 0, partitionsRemoved: 0, recordsExpired: 0, partitionsQuarantined: 0 };
}

/** Receivers take precedence over the store, because records can wait in the journal. */
function lowerPriority({ pid }: Child): void {
  try {
    if (pid !== undefined) setPriority(pid, NICE);
  } catch {
    // The process has ended, or this user may not change priorities.
  }
}
