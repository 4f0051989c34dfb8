import type { BatchCount, JournalEntry, JournalReader } from '../../component/index.ts';
import { asRejected, rejectedError } from '../../component/index.ts';
import { Severity } from '../../record/index.ts';
import { type DeadLetterBox, type Replayed, replayDeadLetters } from '../dead-letters/index.ts';
import { CrashRecovery } from './crash-recovery.ts';
import { stateProblem, type UnfinishedRun } from './cursor-file.ts';
import type { Progress } from './progress.ts';
import { Rejections } from './rejections.ts';
import type { RunControl } from './run-control.ts';
import type { ResolvedRunnerOptions } from './runner-options.ts';
import type { SinkHealth } from './sink-health.ts';
import type { SinkCounters } from './sink-stats.ts';
import { Skipping } from './skipping.ts';

/** What a loop works with. The loop alone moves `progress` and calls the sink. */
export interface LoopParts {
  readonly options: ResolvedRunnerOptions;
  readonly control: RunControl;
  readonly progress: Progress;
  readonly letters: DeadLetterBox;
  readonly counters: SinkCounters;
  readonly health: SinkHealth;
}

interface Replay {
  readonly resolve: (replayed: Replayed) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads entries, writes them to the sink, and stores the cursor, one after the other, until `control` says that it is done. */
export class DeliveryLoop {
  readonly #options: ResolvedRunnerOptions;
  readonly #control: RunControl;
  readonly #progress: Progress;
  readonly #letters: DeadLetterBox;
  readonly #counters: SinkCounters;
  readonly #health: SinkHealth;
  readonly #skipping: Skipping;
  readonly #rejections: Rejections;
  readonly #recovery: CrashRecovery;
  /** The entries that are being written. */
  #entries: readonly JournalEntry[] = [];
  /** Behind them: the index, and the records written to the journal before it. */
  #readTo: number;
  #recordsRead: number | undefined;
  /** What the reader has passed over, as far as it was counted. */
  #missing: BatchCount = { batches: 0, records: 0 };
  #replays: Replay[] = [];
  /** `open` of the sink was called. */
  isOpened = false;

  constructor(parts: LoopParts, unfinished: UnfinishedRun | undefined) {
    const { options, control, progress, letters, counters, health } = parts;
    this.#options = options;
    this.#control = control;
    this.#progress = progress;
    this.#letters = letters;
    this.#counters = counters;
    this.#health = health;
    this.#skipping = new Skipping(options, counters, health);
    this.#rejections = new Rejections(options, letters, counters, health);
    const { position } = progress;
    this.#readTo = position;
    const { next } = options.journal;
    // Read from memory a call gets more than what is read from the disk at once.
    const place = { position, next, maxBytes: 2 * options.batchBytes };
    this.#recovery = new CrashRecovery(unfinished, place);
  }

  /** The first entry that is still needed. What lies before it may be trimmed. */
  get position(): number {
    return Math.max(this.#progress.position, this.#skipping.to);
  }

  /** Skips what is too far behind, if the sink may. */
  look(): void {
    this.#skipping.check(this.#progress.position, this.#readTo);
  }

  /** Hands over the dead letters, between two writes. */
  replay(): Promise<Replayed> {
    return new Promise((resolve, reject) => {
      this.#replays.push({ resolve, reject });
      this.#control.wakeUp();
    });
  }

  failReplays(error: Error): void {
    for (const { reject } of this.#replays.splice(0)) reject(error);
  }

  /** Never rejects. */
  async run(): Promise<void> {
    try {
      await this.#note(this.#recovery.runAtStart);
      if (!(await this.#open())) return;
      if (this.#recovery.isFirstGuilty) await this.#buryGuilty();
      let reader: JournalReader | undefined;
      while (!this.#isDone()) {
        await this.#serveReplays();
        if (this.#skipping.to > this.#progress.position) {
          await this.#moveTo(this.#skipping.to, this.#progress.state);
          reader = undefined;
          continue;
        }
        if (reader === undefined || reader.position < this.#progress.position) reader = this.#newReader();
        const entries = await this.#next(reader, this.#options.batchBytes);
        if (entries === undefined) {
          reader = undefined;
          continue;
        }
        this.#entries = entries;
        await this.#deliverGroups(entries);
        this.#entries = [];
      }
    } catch (error) {
      // Only an abort comes here: everything else is tried again where it happens.
      if (!this.#control.isAborted) this.#health.fail('the runner failed', error);
    }
  }

  #isDone(): boolean {
    return this.#control.isDone(this.#progress.position);
  }

  #newReader(): JournalReader {
    const { position, records } = this.#progress.place;
    this.#missing = { batches: 0, records: 0 };
    return this.#options.journal.reader(position, records);
  }

  /** @returns whether it is open */
  async #open(): Promise<boolean> {
    while (!this.#isDone()) {
      try {
        this.isOpened = true;
        await this.#control.call(() => this.#options.sink.open(this.#progress.state));
        this.#control.succeeded();
        return true;
      } catch (error) {
        this.#health.fail('it cannot be opened', error);
        await this.#control.pause(error);
      }
    }
    return false;
  }

  /** Undefined: it was woken up for something else. */
  async #next(reader: JournalReader, maxBytes: number): Promise<readonly JournalEntry[] | undefined> {
    if (this.#replays.length > 0) return undefined;
    const { wakeSignal } = this.#control;
    try {
      const entries = await reader.next(maxBytes, wakeSignal);
      this.#readTo = reader.position;
      this.#recordsRead = reader.recordsBefore;
      this.#countMissing(reader.missing);
      return entries;
    } catch (error) {
      if (!wakeSignal.aborted) {
        this.#health.fail('the journal cannot be read', error);
        await this.#control.pause(error);
      }
      return undefined;
    }
  }

  /** @param missing what the reader has passed over so far */
  #countMissing({ batches, records }: BatchCount): void {
    const more = { batches: batches - this.#missing.batches, records: records - this.#missing.records };
    this.#missing = { batches, records };
    if (more.batches === 0 && more.records === 0) return;
    this.#counters.addDropped('trimmed', more.batches, more.records);
    this.#health.log(
      Severity.ERROR,
      `the journal has lost ${more.batches} batches with ${more.records} records that it had not written`,
    );
  }

  async #deliverGroups(entries: readonly JournalEntry[]): Promise<void> {
    const isSuspect = entries.length > 0 && this.#recovery.isSuspect(this.#progress.position);
    if (!isSuspect) return this.#deliver(entries);
    for (const group of this.#recovery.groups(entries)) {
      if (this.#isDone()) return;
      await this.#deliver(group);
    }
  }

  async #deliver(entries: readonly JournalEntry[]): Promise<void> {
    let rest = entries;
    while (!this.#control.isAborted) {
      this.look();
      rest = this.#skipping.without(rest);
      if (rest.length === 0) {
        await this.#moveTo(Math.max(this.#readTo, this.#skipping.to), this.#progress.state);
        return;
      }
      const failure = await this.#attemptInTurn(rest);
      if (failure === undefined) return;
      this.#counters.retries += 1;
      this.#health.fail(`${rest.length} batches were not written`, failure.error);
      await this.#control.pause(failure.error);
      if (this.#isDone()) return;
    }
  }

  /** Suspects alone, and with a note in the cursor: if the process ends, it was one of these. */
  async #attemptInTurn(entries: readonly JournalEntry[]): Promise<{ readonly error: unknown } | undefined> {
    const { clock, writeTimeoutMillis, writeTurns } = this.#options;
    const isSuspect = this.#recovery.isSuspect(entries[0]!.index);
    const endTurn = await writeTurns[isSuspect ? 'alone' : 'together'](clock, 2 * writeTimeoutMillis);
    try {
      this.#control.throwIfAborted();
      if (!isSuspect) return await this.#attempt(entries);
      const { position } = this.#progress;
      await this.#note(this.#recovery.tryingAt(position, entries.at(-1)!.index + 1));
      const failure = await this.#attempt(entries);
      if (failure !== undefined) await this.#note(this.#recovery.runAt(position));
      return failure;
    } finally {
      endTurn();
    }
  }

  /** @returns why it is to be tried again */
  async #attempt(entries: readonly JournalEntry[]): Promise<{ readonly error: unknown } | undefined> {
    const next = entries.at(-1)!.index + 1;
    let state: unknown;
    try {
      state = await this.#write(entries);
    } catch (error) {
      const rejected = asRejected(error);
      if (rejected === undefined) return { error };
      const bad = new Set(rejected.indexes ?? entries.map(({ index }) => index));
      await this.#bury(
        entries.filter(({ index }) => bad.has(index)),
        error,
      );
      await this.#wrote(
        entries.filter(({ index }) => !bad.has(index)),
        next,
        this.#stateAfter(rejected.state),
      );
      return undefined;
    }
    await this.#wrote(entries, next, state);
    return undefined;
  }

  async #write(entries: readonly JournalEntry[]): Promise<unknown> {
    const { sink } = this.#options;
    if (sink.prepare !== undefined) {
      const prepare = sink.prepare.bind(sink);
      const state = await this.#control.call((signal) => prepare(signal));
      if (state !== undefined) await this.#moveTo(this.#progress.position, this.#storable(state));
    }
    return this.#storable(await this.#control.call((signal) => sink.write(entries, signal)));
  }

  async #wrote(entries: readonly JournalEntry[], next: number, state: unknown): Promise<void> {
    await this.#moveTo(Math.max(next, this.#skipping.to), state);
    const { written } = this.#counters;
    for (const { records, body } of entries) {
      written.batches += 1;
      written.records += records;
      written.bytes += body.length;
    }
    this.#control.succeeded();
  }

  /** Stores the cursor. It does not go on without. @throws when there is no time left */
  async #moveTo(position: number, state: unknown): Promise<void> {
    const place = { position, records: this.#recordsAt(position) };
    const run = this.#recovery.runAt(position);
    await this.#control.untilDone('its cursor cannot be stored', () =>
      this.#progress.moveTo(place, state, run),
    );
    this.#readTo = Math.max(this.#readTo, position);
  }

  /** How many records were written to the journal before this entry, ever; undefined: not known. */
  #recordsAt(position: number): number | undefined {
    const { place } = this.#progress;
    if (position === place.position) return place.records;
    if (position > this.#readTo || this.#recordsRead === undefined) return undefined;
    return this.#entries.reduce(
      (sum, { index, records }) => (index < position ? sum : sum - records),
      this.#recordsRead,
    );
  }

  async #note(run: UnfinishedRun): Promise<void> {
    await this.#control.untilDone('its cursor cannot be stored', () => this.#progress.note(run));
  }

  async #bury(entries: readonly JournalEntry[], error: unknown): Promise<void> {
    await this.#control.untilDone('a dead letter cannot be kept', this.#rejections.bury(entries, error));
  }

  /**
   * The entry that ended the process whenever it was written is not tried again. Alone, so that no other sink ends the
   * process between its dead letter and the cursor.
   */
  async #buryGuilty(): Promise<void> {
    const { position } = this.#progress;
    let entries: readonly JournalEntry[] | undefined;
    while (entries === undefined && !this.#isDone()) entries = await this.#next(this.#newReader(), 1);
    if (entries?.[0]?.index !== position) return;
    const { clock, writeTimeoutMillis, writeTurns } = this.#options;
    const endTurn = await writeTurns.alone(clock, 2 * writeTimeoutMillis);
    try {
      this.#control.throwIfAborted();
      await this.#bury(
        entries,
        rejectedError('crashed', 'the process ended twice while it was written alone'),
      );
      await this.#moveTo(position + 1, this.#progress.state);
    } finally {
      endTurn();
    }
  }

  async #serveReplays(): Promise<void> {
    for (let replay = this.#replays.shift(); replay !== undefined; replay = this.#replays.shift()) {
      try {
        await this.#letters.roll();
        const replayed = await replayDeadLetters(this.#options.deadLetterDirectory, (letters) =>
          this.#rewrite(letters),
        );
        this.#logDamage(replayed);
        replay.resolve(replayed);
      } catch (error) {
        replay.reject(error);
      }
    }
  }

  #logDamage({ damagedBytes }: Replayed): void {
    if (damagedBytes === 0) return;
    this.#counters.damagedLetterBytes += damagedBytes;
    this.#health.log(
      Severity.ERROR,
      `${damagedBytes} bytes of its dead letters are damaged; their files are kept as *.dlq.damaged`,
    );
  }

  /** Writes dead letters. The position stays; the sink's state is stored. */
  async #rewrite(entries: readonly JournalEntry[]): Promise<void> {
    this.#control.throwIfAborted();
    let state: unknown;
    try {
      state = await this.#write(entries);
    } catch (error) {
      const rejected = asRejected(error);
      if (rejected === undefined) throw error;
      const { indexes } = rejected;
      await this.#bury(
        indexes === undefined ? entries : entries.filter((each) => indexes.includes(each.index)),
        error,
      );
      state = this.#stateAfter(rejected.state);
    }
    await this.#moveTo(this.#progress.position, state);
  }

  /** The state after a rejection: the one that came with it, or the one before. */
  #stateAfter(state: unknown): unknown {
    return state === undefined ? this.#progress.state : this.#storable(state);
  }

  /** The state, if it can be stored. One that cannot leaves none behind: an old one would undo what was written. */
  #storable(state: unknown): unknown {
    const problem = stateProblem(state);
    if (problem === undefined) return state;
    this.#health.remember(`a state ${problem}`);
    this.#health.log(Severity.ERROR, `it returned a state ${problem}; it was not kept`);
    return undefined;
  }
}
