import type { BatchCount, ByCause, JournalEntry, JournalReader, SinkStats } from '../../component/index.ts';
import { asRejected, retryAfterOf } from '../../component/index.ts';
import { keepAlive, problemText, Severity } from '../../record/index.ts';
import { DeadLetterBox, type Replayed, replayDeadLetters } from '../dead-letters/index.ts';
import { BackOff } from './back-off.ts';
import { CursorFile } from './cursor-file.ts';
import { guardedCall } from './guarded-call.ts';
import { stateProblem } from './keepable-state.ts';
import { Rejections } from './rejections.ts';
import {
  type ResolvedRunnerOptions,
  resolveRunnerOptions,
  type SinkRunnerOptions,
} from './runner-options.ts';
import { SinkHealth } from './sink-health.ts';
import { SinkCounters } from './sink-stats.ts';
import { Skipping } from './skipping.ts';
import { startingPlace } from './starting-place.ts';
import { passedBound } from './too-far-behind.ts';

const LOOK_MILLIS = 1_000;
/** How long a call of the sink may still take after its last signal was aborted. */
const LAST_GRACE_MILLIS = 1_000;
const CLOSE_MILLIS = 5_000;

/**
 * Brings the journal to one sink: reads from its cursor, calls `write`, one call at a time, and stores the cursor
 * with the sink's state when that has succeeded. It tries again with back-off what failed, keeps what was rejected
 * as dead letters, and lets the oldest go, counted, when the sink is too far behind and may skip.
 *
 * The cursor on the disk is never ahead of what the sink has made safe. After a crash the entries of the last call
 * may come again, with the state from before it: a sink that undoes what lies beyond its state gets each entry exactly
 * once, any other at least once.
 *
 * A sink that throws, does not come back, or returns what cannot be kept, hurts itself only.
 */
export class SinkRunner {
  readonly name: string;
  readonly #options: ResolvedRunnerOptions;
  readonly #cursor: CursorFile;
  readonly #letters: DeadLetterBox;
  readonly #backOff: BackOff;
  readonly #journalId: string;
  readonly #counters = new SinkCounters();
  readonly #health: SinkHealth;
  readonly #skipping: Skipping;
  readonly #rejections: Rejections;
  /** Aborted when there is no time left. */
  readonly #hard = new AbortController();
  readonly #waiting = new Set<(error: Error) => void>();
  #condition: SinkStats['condition'] = 'new';
  #position = 1;
  #state: unknown;
  /** Behind the entries that a call of `write` has in its hands. */
  #readTo = 1;
  /** While stopping: the loop ends there. */
  #drainTo: number | undefined;
  #wake = new AbortController();
  #replays: { readonly resolve: (replayed: Replayed) => void; readonly reject: (error: unknown) => void }[] =
    [];
  #cancelLook = () => {};
  #isOpened = false;
  #loop: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  /** @throws TypeError or RangeError for a wrong option */
  constructor(options: SinkRunnerOptions) {
    this.#options = resolveRunnerOptions(options);
    const { name, journal, cursorFile, deadLetterDirectory, maxDeadLetterBytes } = this.#options;
    const { log, clock, random, initialBackoffMillis, maxBackoffMillis } = this.#options;
    this.name = name;
    this.#cursor = new CursorFile(cursorFile);
    this.#letters = new DeadLetterBox(deadLetterDirectory, maxDeadLetterBytes);
    this.#health = new SinkHealth(name, log, clock);
    this.#skipping = new Skipping(this.#options, this.#counters, this.#health);
    this.#rejections = new Rejections(this.#options, this.#letters, this.#counters, this.#health);
    this.#backOff = new BackOff(clock, random, initialBackoffMillis, maxBackoffMillis);
    this.#journalId = Buffer.from(journal.id).toString('hex');
  }

  /**
   * Reads the cursor, then begins. A sink that cannot be opened is tried again in the background.
   * @throws (rejects) if the cursor cannot be opened or was written by a newer version
   */
  async start(): Promise<void> {
    if (this.#condition !== 'new') throw new Error(`sink ${this.name} was started before`);
    this.#condition = 'opening';
    await this.#loadCursor();
    this.#look();
    this.#loop = this.#run();
  }

  /** The first entry that is still needed here. What lies before it may be trimmed. */
  get position(): number {
    return Math.max(this.#position, this.#skipping.to);
  }

  /** It is further behind than it may be, and does not skip: take nothing in until this is false. */
  get blocking(): boolean {
    const { journal, onFull } = this.#options;
    if (onFull === 'skip' || this.#condition === 'new' || this.#condition === 'stopped') return false;
    return passedBound(journal.behind(this.position), this.#options) !== undefined;
  }

  stats(): SinkStats {
    const { written, deadLetters, rejected, retries } = this.#counters;
    return {
      name: this.name,
      condition: this.#condition,
      written: { ...written },
      retries,
      deadLetters: { ...deadLetters },
      rejected: Object.fromEntries([...rejected].map(([cause, count]) => [cause, { ...count }])),
      dropped: this.#dropped(),
      blocking: this.blocking,
      behind: this.#options.journal.behind(this.position),
      trouble: this.#health.trouble,
      lastError: this.#health.lastError,
      own: this.#asked('counters'),
    };
  }

  /**
   * Hands the sink its dead letters again, between two writes. Those that it rejects again become dead letters again.
   * None is lost when the daemon is killed half-way; some may then come twice.
   * @throws (rejects) if the sink is failing or stopping: then the rest stays
   */
  replayDeadLetters(): Promise<Replayed> {
    if (this.#condition !== 'running' || this.#drainTo !== undefined) {
      const why = this.#health.trouble === undefined ? '' : ` (${this.#health.trouble})`;
      return Promise.reject(
        new Error(`sink ${this.name} is ${this.#condition}${why}; its dead letters were not touched`),
      );
    }
    return new Promise((resolve, reject) => {
      this.#replays.push({ resolve, reject });
      this.#wakeUp();
    });
  }

  /**
   * Writes what the journal holds now, within a bound; then aborts the call under way, and closes the sink. A sink
   * that is failing gets one more attempt. What was not written comes after the next start. Never rejects; a second
   * call gets the same promise.
   */
  stop(drainMillis: number): Promise<void> {
    this.#stopped ??= this.#stop(drainMillis);
    return this.#stopped;
  }

  async #stop(drainMillis: number): Promise<void> {
    const { clock, journal, sink } = this.#options;
    if (this.#condition === 'new') {
      this.#condition = 'stopped';
      return;
    }
    const letGo = keepAlive(clock, drainMillis + LAST_GRACE_MILLIS + CLOSE_MILLIS);
    this.#drainTo = journal.next;
    this.#wakeUp();
    this.#backOff.cut();
    let cancelGrace = () => {};
    const cancelDrain = clock.after(drainMillis, () => {
      this.#hard.abort(new Error('the daemon is stopping'));
      this.#wakeUp();
      this.#backOff.cut();
      cancelGrace = clock.after(LAST_GRACE_MILLIS, () => {
        for (const abandon of this.#waiting) abandon(new Error('the daemon is stopping'));
      });
    });
    await this.#loop;
    cancelDrain();
    cancelGrace();
    this.#cancelLook();
    this.#hard.abort(new Error('the daemon is stopping'));
    this.#failReplays(new Error(`sink ${this.name} is stopping`));
    const close = async () => {
      if (this.#isOpened) await sink.close();
    };
    await this.#bounded(close, CLOSE_MILLIS);
    await this.#quietly(() => this.#letters.close());
    await this.#quietly(() => this.#cursor.close());
    this.#condition = 'stopped';
    letGo();
  }

  async #loadCursor(): Promise<void> {
    const place = startingPlace(this.#options.journal, this.#journalId, await this.#cursor.open());
    this.#position = place.position;
    this.#readTo = place.position;
    this.#state = place.state;
    if (place.note !== undefined) this.#health.tell(place.note.severity, place.note.message);
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    try {
      if (!(await this.#open())) return;
      let reader: JournalReader | undefined;
      while (!this.#isDone()) {
        await this.#serveReplays();
        if (this.#skipping.to > this.#position) {
          await this.#commit(this.#skipping.to, this.#state);
          reader = undefined;
          continue;
        }
        if (reader === undefined || reader.position < this.#position) {
          reader = this.#options.journal.reader(this.#position);
        }
        const entries = await this.#next(reader);
        if (entries === undefined) reader = undefined;
        else await this.#deliver(entries);
      }
    } catch (error) {
      // Only an abort comes here: everything else is tried again where it happens.
      if (!this.#hard.signal.aborted) this.#health.fail('the runner failed', error);
    }
  }

  /** @returns whether it is open */
  async #open(): Promise<boolean> {
    while (!this.#isDone()) {
      try {
        this.#isOpened = true;
        await this.#call(() => this.#options.sink.open(this.#state));
        this.#well();
        return true;
      } catch (error) {
        this.#health.fail('it cannot be opened', error);
        await this.#pause(error);
      }
    }
    return false;
  }

  /** Undefined: it was woken up for something else. */
  async #next(reader: JournalReader): Promise<readonly JournalEntry[] | undefined> {
    const wake = this.#wake;
    if (this.#replays.length > 0) return undefined;
    try {
      const entries = await reader.next(this.#options.batchBytes, wake.signal);
      this.#countTrimmed(entries);
      return entries;
    } catch (error) {
      if (!wake.signal.aborted) {
        this.#health.fail('the journal cannot be read', error);
        await this.#pause(error);
      }
      if (this.#wake === wake) this.#wake = new AbortController();
      return undefined;
    }
  }

  #countTrimmed(entries: readonly JournalEntry[]): void {
    let expected = this.#position;
    let missing = 0;
    for (const { index } of entries) {
      missing += index - expected;
      expected = index + 1;
    }
    this.#readTo = expected;
    if (missing === 0) return;
    this.#counters.addDropped('trimmed', missing, 0);
    this.#health.tell(
      Severity.ERROR,
      `the journal did not have ${missing} batches any more that it had not written`,
    );
  }

  async #deliver(entries: readonly JournalEntry[]): Promise<void> {
    let rest = entries;
    while (!this.#hard.signal.aborted) {
      this.#skipping.check(this.#position, this.#readTo);
      rest = this.#skipping.without(rest);
      const last = rest.at(-1);
      if (last === undefined) {
        await this.#commit(Math.max(this.#readTo, this.#skipping.to), this.#state);
        return;
      }
      try {
        const state = await this.#write(rest);
        await this.#wrote(rest, last.index + 1, state);
        return;
      } catch (error) {
        const rejected = asRejected(error);
        if (rejected !== undefined) {
          const bad = new Set(rejected.indexes ?? rest.map(({ index }) => index));
          await this.#bury(
            rest.filter(({ index }) => bad.has(index)),
            error,
          );
          const state = rejected.state === undefined ? this.#state : this.#keepable(rejected.state);
          await this.#wrote(
            rest.filter(({ index }) => !bad.has(index)),
            last.index + 1,
            state,
          );
          return;
        }
        this.#counters.retries += 1;
        this.#health.fail(`${rest.length} batches were not written`, error);
        if (this.#drainTo !== undefined) this.#drainTo = 0;
        if (this.#isDone()) return;
        await this.#pause(error);
      }
    }
  }

  async #write(entries: readonly JournalEntry[]): Promise<unknown> {
    const { sink } = this.#options;
    if (typeof sink.prepare === 'function') {
      const state = await this.#call((signal) => sink.prepare!(signal));
      if (state !== undefined) await this.#commit(this.#position, this.#keepable(state));
    }
    return this.#keepable(await this.#call((signal) => sink.write(entries, signal)));
  }

  async #wrote(entries: readonly JournalEntry[], next: number, state: unknown): Promise<void> {
    await this.#commit(Math.max(next, this.#skipping.to), state);
    const { written } = this.#counters;
    for (const { records, body } of entries) {
      written.batches += 1;
      written.records += records;
      written.bytes += body.length;
    }
    this.#well();
  }

  /** Stores the cursor. It does not go on without. @throws when there is no time left */
  async #commit(position: number, state: unknown): Promise<void> {
    await this.#untilDone('its cursor cannot be stored', () =>
      this.#cursor.store({ journal: this.#journalId, position, state }),
    );
    this.#position = position;
    this.#readTo = Math.max(this.#readTo, position);
    this.#state = state;
  }

  /** What must succeed before anything else is done. @throws when there is no time left */
  async #untilDone(failure: string, work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await work();
        return;
      } catch (error) {
        this.#health.fail(failure, error);
        if (this.#drainTo !== undefined) this.#hard.abort(error);
        this.#hard.signal.throwIfAborted();
        await this.#pause(error);
      }
    }
  }

  async #bury(entries: readonly JournalEntry[], error: unknown): Promise<void> {
    await this.#untilDone('a dead letter cannot be kept', this.#rejections.bury(entries, error));
  }

  async #serveReplays(): Promise<void> {
    for (let replay = this.#replays.shift(); replay !== undefined; replay = this.#replays.shift()) {
      try {
        await this.#letters.roll();
        replay.resolve(
          await replayDeadLetters(this.#options.deadLetterDirectory, (letters) => this.#replay(letters)),
        );
      } catch (error) {
        replay.reject(error);
      }
    }
  }

  async #replay(entries: readonly JournalEntry[]): Promise<void> {
    this.#hard.signal.throwIfAborted();
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
      state = rejected.state === undefined ? this.#state : this.#keepable(rejected.state);
    }
    await this.#commit(this.#position, state);
  }

  #failReplays(error: Error): void {
    for (const { reject } of this.#replays.splice(0)) reject(error);
  }

  /** Once a second: how far behind it is. */
  #look(): void {
    this.#cancelLook = this.#options.clock.after(LOOK_MILLIS, () => {
      this.#skipping.check(this.#position, this.#readTo);
      this.#look();
    });
  }

  #isDone(): boolean {
    return this.#hard.signal.aborted || (this.#drainTo !== undefined && this.#position >= this.#drainTo);
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = new AbortController();
    wake.abort(new Error('woken up'));
  }

  async #call<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, writeTimeoutMillis } = this.#options;
    return await guardedCall(call, {
      clock,
      timeoutMillis: writeTimeoutMillis,
      signal: this.#hard.signal,
      waiting: this.#waiting,
      onHung: () => {
        this.#condition = 'hung';
        this.#health.fail('it does not come back', new Error(`no answer within ${writeTimeoutMillis} ms`));
      },
    });
  }

  /** The state, if it can be kept. One that cannot leaves none behind: an old one would undo what was written. */
  #keepable(state: unknown): unknown {
    const problem = stateProblem(state);
    if (problem === undefined) return state;
    this.#health.remember(`a state ${problem}`);
    this.#health.tell(Severity.ERROR, `it returned a state ${problem}; it was not kept`);
    return undefined;
  }

  async #pause(error: unknown): Promise<void> {
    if (this.#hard.signal.aborted) return;
    if (this.#drainTo !== undefined) {
      // No time for waits: what is not written comes after the next start.
      this.#drainTo = 0;
      return;
    }
    const before = this.#condition;
    this.#condition = before === 'opening' ? 'opening' : 'waiting';
    await this.#backOff.wait(this.#backOff.nextMillis(retryAfterOf(error)));
  }

  #well(): void {
    this.#backOff.reset();
    this.#condition = 'running';
    this.#health.well();
  }

  #dropped(): ByCause<BatchCount> {
    const own = Object.entries(this.#asked('dropped'));
    const ofTheSink = Object.fromEntries(own.map(([cause, records]) => [cause, { batches: 0, records }]));
    return { ...ofTheSink, ...structuredClone(this.#counters.dropped) };
  }

  /** The sink's own figures. It may throw, or have none. */
  #asked(what: 'counters' | 'dropped'): Readonly<Record<string, number>> {
    try {
      return { ...this.#options.sink[what]?.() };
    } catch {
      return {};
    }
  }

  async #bounded(call: () => Promise<unknown>, millis: number): Promise<void> {
    let cancel = () => {};
    const timeout = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(millis, resolve);
    });
    await Promise.race([this.#quietly(call), timeout]);
    cancel();
  }

  async #quietly(call: () => Promise<unknown>): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#health.remember(problemText(error));
      this.#health.tell(Severity.WARN, `it was not closed cleanly: ${problemText(error)}`);
    }
  }
}
