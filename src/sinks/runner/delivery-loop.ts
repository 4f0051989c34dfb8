import type { JournalEntry } from '../../component/index.ts';
import { rejectedError } from '../../component/index.ts';
import { Severity } from '../../record/index.ts';
import { type Replayed, replayDeadLetters } from '../dead-letters/index.ts';
import { CrashRecovery } from './crash-recovery.ts';
import type { UnfinishedRun } from './cursor-file.ts';
import { EntryReader } from './entry-reader.ts';
import { type RunnerParts, SinkWriter } from './sink-writer.ts';
import { Skipping } from './skipping.ts';

interface Replay {
  readonly resolve: (replayed: Replayed) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads entries, writes them to the sink, and stores the cursor, until `control` reports that it is done.
 * Only this loop moves the progress and calls the sink.
 */
export class DeliveryLoop {
  readonly #parts: RunnerParts;
  readonly #skipping: Skipping;
  readonly #reader: EntryReader;
  readonly #writer: SinkWriter;
  readonly #recovery: CrashRecovery;
  #replays: Replay[] = [];
  /** Whether `open` of the sink was called. */
  isOpened = false;

  constructor(parts: RunnerParts, unfinished: UnfinishedRun | undefined) {
    const { options, progress, counters, health } = parts;
    this.#parts = parts;
    this.#skipping = new Skipping(options, counters, health);
    this.#reader = new EntryReader(options, progress, counters, health);
    const { next } = options.journal;
    // A call that reads from memory gets more than is read from disk at once.
    const place = { position: progress.position, next, maxBytes: 2 * options.batchBytes };
    this.#recovery = new CrashRecovery(unfinished, place);
    this.#writer = new SinkWriter(parts, this.#reader, this.#skipping, this.#recovery);
  }

  /** The first entry that is still needed. Entries before it may be trimmed. */
  get position(): number {
    return Math.max(this.#parts.progress.position, this.#skipping.to);
  }

  /** Skips entries that are too far behind, if the sink may skip. */
  checkBehind(): void {
    this.#skipping.check(this.#parts.progress.position, this.#reader.readTo);
  }

  /** Replays the dead letters, between two writes. */
  replay(): Promise<Replayed> {
    return new Promise((resolve, reject) => {
      this.#replays.push({ resolve, reject });
      this.#parts.control.wakeUp();
    });
  }

  failReplays(error: Error): void {
    for (const { reject } of this.#replays.splice(0)) reject(error);
  }

  /** Never rejects. */
  async run(): Promise<void> {
    const { options, control, progress, health } = this.#parts;
    try {
      await this.#writer.note(this.#recovery.runAtStart);
      if (!(await this.#open())) return;
      if (this.#recovery.isFirstRejected) await this.#rejectFirst();
      else if (this.#recovery.hasFirstEnded) await control.wait(options.initialBackoffMillis);
      while (!this.#isDone()) {
        await this.#serveReplays();
        if (this.#skipping.to > progress.position) {
          await this.#writer.moveTo(this.#skipping.to);
          this.#reader.restart();
          continue;
        }
        const entries = await this.#next(options.batchBytes);
        if (entries !== undefined) await this.#deliverGroups(entries);
      }
    } catch (error) {
      // Only an abort ends here: everything else is retried where it happens.
      if (!control.isAborted) health.fail('the runner failed', error);
    }
  }

  #isDone(): boolean {
    return this.#parts.control.isDone(this.#parts.progress.position);
  }

  /** @returns whether the sink is open */
  async #open(): Promise<boolean> {
    const { options, control, progress, health } = this.#parts;
    while (!this.#isDone()) {
      try {
        this.isOpened = true;
        await control.call(() => options.sink.open(progress.state));
        control.succeeded();
        return true;
      } catch (error) {
        health.fail('the sink cannot be opened', error);
        await control.pause(error);
      }
    }
    return false;
  }

  /** Undefined: there is other work. Work that is added after this check wakes the loop. */
  async #next(maxBytes: number): Promise<readonly JournalEntry[] | undefined> {
    if (this.#replays.length > 0 || this.#isDone()) return undefined;
    const { control, health } = this.#parts;
    const { wakeSignal } = control;
    try {
      return await this.#reader.next(maxBytes, wakeSignal);
    } catch (error) {
      this.#reader.restart();
      if (wakeSignal.aborted) return undefined;
      health.fail('the journal cannot be read', error);
      await control.pause(error);
      return undefined;
    }
  }

  async #deliverGroups(entries: readonly JournalEntry[]): Promise<void> {
    const isSuspect = entries.length > 0 && this.#recovery.isSuspect(this.#parts.progress.position);
    if (!isSuspect) return this.#deliver(entries);
    for (const group of this.#recovery.groups(entries)) {
      if (this.#isDone()) return;
      await this.#deliver(group);
    }
  }

  async #deliver(entries: readonly JournalEntry[]): Promise<void> {
    const { control, counters, health } = this.#parts;
    let rest = entries;
    while (!control.isAborted) {
      this.checkBehind();
      rest = this.#skipping.without(rest);
      if (rest.length === 0) {
        // The skipped entries may be one group of those that were read: the other groups follow.
        const end = entries.length === 0 ? this.#reader.readTo : entries.at(-1)!.index + 1;
        await this.#writer.moveTo(Math.max(end, this.#skipping.to));
        return;
      }
      const failure = await this.#attemptInTurn(rest);
      if (failure === undefined) return;
      counters.retries += 1;
      health.fail(`${rest.length} batches were not written`, failure.error);
      await control.pause(failure.error);
      if (this.#isDone()) return;
    }
  }

  /** Writes suspects alone, with a note in the cursor: if the process ends, one of them is the cause. */
  async #attemptInTurn(entries: readonly JournalEntry[]): Promise<{ readonly error: unknown } | undefined> {
    const isSuspect = this.#recovery.isSuspect(entries[0]!.index);
    return await this.#inTurn(isSuspect ? 'alone' : 'together', async () => {
      if (!isSuspect) return await this.#writer.attempt(entries);
      const { position } = this.#parts.progress;
      await this.#writer.note(this.#recovery.tryingAt(position, entries.at(-1)!.index + 1));
      const failure = await this.#writer.attempt(entries);
      if (failure !== undefined) await this.#writer.note(this.#recovery.runAt(position));
      return failure;
    });
  }

  /**
   * Rejects the entry that ended the process whenever it was written. Alone, so that no other sink ends the
   * process between the dead letter and the cursor.
   */
  async #rejectFirst(): Promise<void> {
    const { position } = this.#parts.progress;
    let entries: readonly JournalEntry[] | undefined;
    while (entries === undefined && !this.#isDone()) entries = await this.#next(1);
    if (entries?.[0]?.index !== position) return;
    const rejected = entries.slice(0, 1);
    await this.#inTurn('alone', async () => {
      await this.#writer.keepAsDeadLetters(
        rejected,
        rejectedError('crashed', 'the process ended twice while it was written alone'),
      );
      await this.#writer.moveTo(position + 1);
    });
    this.#reader.restart();
  }

  async #inTurn<T>(kind: 'alone' | 'together', work: () => Promise<T>): Promise<T> {
    const { clock, writeTimeoutMillis, writeTurns } = this.#parts.options;
    const endTurn = await writeTurns[kind](clock, 2 * writeTimeoutMillis);
    try {
      this.#parts.control.throwIfAborted();
      return await work();
    } finally {
      endTurn();
    }
  }

  async #serveReplays(): Promise<void> {
    const { options, letters } = this.#parts;
    for (let replay = this.#replays.shift(); replay !== undefined; replay = this.#replays.shift()) {
      try {
        await letters.roll();
        const replayed = await replayDeadLetters(options.deadLetterDirectory, (entries) =>
          this.#writer.rewrite(entries),
        );
        this.#countDamage(replayed);
        replay.resolve(replayed);
      } catch (error) {
        replay.reject(error);
      }
    }
  }

  #countDamage({ damagedBytes }: Replayed): void {
    if (damagedBytes === 0) return;
    this.#parts.counters.damagedLetterBytes += damagedBytes;
    this.#parts.health.log(
      Severity.ERROR,
      `${damagedBytes} bytes of its dead letters are damaged; the files are kept as *.dlq.damaged`,
    );
  }
}
