import type { BatchCount, ByCause, SinkStats } from '../../component/index.ts';
import { problemText, Severity } from '../../record/index.ts';
import { DeadLetterBox, type Replayed } from '../dead-letters/index.ts';
import { DeliveryLoop } from './delivery-loop.ts';
import { Progress } from './progress.ts';
import { RunControl } from './run-control.ts';
import {
  type ResolvedRunnerOptions,
  resolveRunnerOptions,
  type SinkRunnerOptions,
} from './runner-options.ts';
import { SinkHealth } from './sink-health.ts';
import { SinkCounters } from './sink-stats.ts';
import { exceededBound } from './skipping.ts';

const CHECK_MILLIS = 1_000;
/** How long a call of the sink may take after its last signal was aborted. */
const LAST_GRACE_MILLIS = 1_000;
const CLOSE_MILLIS = 5_000;

/**
 * Delivers the journal to one sink: reads from its cursor, calls `write`, one call at a time, and stores the
 * cursor with the sink's state after a success. Failures are retried with back-off. Rejected entries are kept
 * as dead letters. If the sink is too far behind and may skip, the oldest entries are discarded and counted.
 *
 * The cursor on disk is never ahead of what the sink has made durable. After a crash the entries of the last
 * call may be written again, with the state from before it: a sink that undoes what lies beyond its state
 * gets each entry exactly once, any other sink at least once. An entry that ends the process whenever it is
 * written becomes a dead letter.
 *
 * A sink that throws, hangs, or returns a state that cannot be stored affects only itself.
 */
export class SinkRunner {
  readonly name: string;
  readonly #options: ResolvedRunnerOptions;
  readonly #progress: Progress;
  readonly #letters: DeadLetterBox;
  readonly #counters = new SinkCounters();
  readonly #health: SinkHealth;
  readonly #control: RunControl;
  #loop: DeliveryLoop | undefined;
  #running: Promise<void> = Promise.resolve();
  #cancelCheck = () => {};
  #ignoreGrowth: () => void = () => {};
  #isCheckScheduled = false;
  #stopped: Promise<void> | undefined;

  constructor(options: SinkRunnerOptions) {
    this.#options = resolveRunnerOptions(options);
    const { name, journal, cursorFile, deadLetterDirectory, maxDeadLetterBytes } = this.#options;
    const { log, clock, start } = this.#options;
    this.name = name;
    this.#progress = new Progress(journal, cursorFile, start);
    this.#letters = new DeadLetterBox(deadLetterDirectory, maxDeadLetterBytes);
    this.#health = new SinkHealth(name, log, clock);
    this.#control = new RunControl(this.#options, this.#health);
  }

  /**
   * Reads the cursor, then starts. A sink that cannot be opened is retried in the background.
   * @throws (rejects) if the cursor cannot be opened or was written by another version
   */
  async start(): Promise<void> {
    if (this.#control.condition !== 'new') throw new Error(`sink ${this.name} was started before`);
    this.#control.condition = 'opening';
    const { note, unfinished } = await this.#progress.load();
    if (note !== undefined) this.#health.log(note.severity, note.message);
    this.#loop = new DeliveryLoop(
      {
        options: this.#options,
        control: this.#control,
        progress: this.#progress,
        letters: this.#letters,
        counters: this.#counters,
        health: this.#health,
      },
      unfinished,
    );
    this.#checkLater();
    if (this.#options.onFull === 'skip') {
      this.#ignoreGrowth = this.#options.journal.onGrowth(() => this.#checkSoon());
    }
    this.#running = this.#loop.run();
  }

  /** The first entry that this sink still needs. Entries before it may be trimmed. */
  get position(): number {
    return this.#loop?.position ?? this.#progress.position;
  }

  /**
   * Whether the sink is further behind than allowed and does not skip: receivers must accept nothing until
   * this is false.
   */
  get blocking(): boolean {
    const { journal, onFull } = this.#options;
    const { condition } = this.#control;
    if (onFull === 'skip' || condition === 'new' || condition === 'stopped') return false;
    return exceededBound(journal.behind(this.position), this.#options) !== undefined;
  }

  stats(): SinkStats {
    const { written, deadLetters, rejected, retries } = this.#counters;
    return {
      name: this.name,
      condition: this.#control.condition,
      written: { ...written },
      retries,
      deadLetters: { ...deadLetters },
      damagedLetterBytes: this.#counters.damagedLetterBytes,
      rejected: Object.fromEntries([...rejected].map(([cause, count]) => [cause, { ...count }])),
      filtered: Object.fromEntries(this.#counters.filtered),
      redacted: Object.fromEntries(this.#counters.redacted),
      dropped: this.#dropped(),
      blocking: this.blocking,
      behind: this.#options.journal.behind(this.position),
      trouble: this.#health.trouble,
      lastError: this.#health.lastError,
      own: this.#figuresOf('counters'),
    };
  }

  /**
   * Writes the dead letters to the sink again, between two writes. Letters that it rejects again become dead
   * letters again. None is lost if the daemon is killed in between; some may then be written twice.
   * @throws (rejects) if the sink is failing or stopping; the remaining letters are kept
   */
  replayDeadLetters(): Promise<Replayed> {
    const { condition, isStopping } = this.#control;
    if (this.#loop !== undefined && condition === 'running' && !isStopping) return this.#loop.replay();
    const why = this.#health.trouble === undefined ? '' : ` (${this.#health.trouble})`;
    return Promise.reject(
      new Error(`sink ${this.name} is ${condition}${why}; its dead letters were not replayed`),
    );
  }

  /**
   * Writes the current entries of the journal, within a time limit; then aborts the current call and closes
   * the sink. A failing sink gets one more attempt. What was not written is written after the next start.
   * Never rejects; a second call returns the same promise.
   */
  stop(drainMillis: number): Promise<void> {
    this.#stopped ??= this.#stop(drainMillis);
    return this.#stopped;
  }

  async #stop(drainMillis: number): Promise<void> {
    const { clock, journal, sink } = this.#options;
    const control = this.#control;
    const loop = this.#loop;
    if (loop === undefined) {
      control.condition = 'stopped';
      return;
    }
    // Keeps the process alive until the end of this method.
    const release = clock.after(drainMillis + LAST_GRACE_MILLIS + 2 * CLOSE_MILLIS, () => {}, true);
    const reason = new Error('the daemon is stopping');
    control.drain(journal.next);
    let cancelGrace = () => {};
    const cancelDrain = clock.after(drainMillis, () => {
      control.abort(reason);
      cancelGrace = clock.after(LAST_GRACE_MILLIS, () => control.abandonCalls(reason));
    });
    await this.#running;
    cancelDrain();
    cancelGrace();
    this.#cancelCheck();
    this.#ignoreGrowth();
    control.abort(reason);
    loop.failReplays(new Error(`sink ${this.name} is stopping`));
    if (loop.isOpened) await this.#bounded(() => sink.close(), CLOSE_MILLIS);
    await this.#quietly(() => this.#letters.close());
    await this.#quietly(() => this.#progress.end());
    control.condition = 'stopped';
    release();
  }

  /** Checks how far the sink is behind once a second, because age grows without entries. */
  #checkLater(): void {
    this.#cancelCheck = this.#options.clock.after(CHECK_MILLIS, () => {
      this.#loop?.checkBehind();
      this.#checkLater();
    });
  }

  /**
   * Runs after the readers that wait for entries have taken them, so that entries being written do not count
   * as waiting.
   */
  #checkSoon(): void {
    if (this.#isCheckScheduled) return;
    this.#isCheckScheduled = true;
    setImmediate(() => {
      this.#isCheckScheduled = false;
      this.#loop?.checkBehind();
    });
  }

  #dropped(): ByCause<BatchCount> {
    const own = Object.entries(this.#figuresOf('dropped'));
    const fromSink = Object.fromEntries(own.map(([cause, records]) => [cause, { batches: 0, records }]));
    return { ...fromSink, ...structuredClone(this.#counters.dropped) };
  }

  /** The sink's own figures. The sink may throw, or have none. */
  #figuresOf(what: 'counters' | 'dropped'): Readonly<Record<string, number>> {
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
      this.#health.log(Severity.WARN, `closing failed: ${problemText(error)}`);
    }
  }
}
