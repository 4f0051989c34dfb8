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

const LOOK_MILLIS = 1_000;
/** How long a call of the sink may still take after its last signal was aborted. */
const LAST_GRACE_MILLIS = 1_000;
const CLOSE_MILLIS = 5_000;

/**
 * Brings the journal to one sink: reads from its cursor, calls `write`, one call at a time, and stores the
 * cursor with the sink's state when that has succeeded. It retries with back-off what failed, keeps what was
 * rejected as dead letters, and discards the oldest, counted, when the sink is too far behind and may skip.
 *
 * The cursor on the disk is never ahead of what the sink has made safe. After a crash the entries of the last
 * call may come again, with the state from before it: a sink that undoes what lies beyond its state gets each
 * entry exactly once, any other at least once. An entry that ends the process whenever it is written becomes
 * a dead letter.
 *
 * A sink that throws, does not come back, or returns a state that cannot be stored, affects itself only.
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
  #cancelLook = () => {};
  #ignoreGrowth: () => void = () => {};
  #looksSoon = false;
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
   * Reads the cursor, then begins. A sink that cannot be opened is tried again in the background.
   * @throws (rejects) if the cursor cannot be opened or was written by a newer version
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
    this.#look();
    if (this.#options.onFull === 'skip') {
      this.#ignoreGrowth = this.#options.journal.onGrowth(() => this.#lookSoon());
    }
    this.#running = this.#loop.run();
  }

  /** The first entry that is still needed here. What lies before it may be trimmed. */
  get position(): number {
    return this.#loop?.position ?? this.#progress.position;
  }

  /** It is further behind than it may be, and does not skip: take nothing in until this is false. */
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
      own: this.#asked('counters'),
    };
  }

  /**
   * Hands the sink its dead letters again, between two writes. Those that it rejects again become dead
   * letters again. None is lost when the daemon is killed half-way; some may then come twice.
   * @throws (rejects) if the sink is failing or stopping: then the rest stays
   */
  replayDeadLetters(): Promise<Replayed> {
    const { condition, isStopping } = this.#control;
    if (this.#loop !== undefined && condition === 'running' && !isStopping) return this.#loop.replay();
    const why = this.#health.trouble === undefined ? '' : ` (${this.#health.trouble})`;
    return Promise.reject(
      new Error(`sink ${this.name} is ${condition}${why}; its dead letters were not touched`),
    );
  }

  /**
   * Writes what the journal holds now, within a bound; then aborts the call under way, and closes the sink. A
   * sink that is failing gets one more attempt. What was not written comes after the next start. Never
   * rejects; a second call gets the same promise.
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
    this.#cancelLook();
    this.#ignoreGrowth();
    control.abort(reason);
    loop.failReplays(new Error(`sink ${this.name} is stopping`));
    if (loop.isOpened) await this.#bounded(() => sink.close(), CLOSE_MILLIS);
    await this.#quietly(() => this.#letters.close());
    await this.#quietly(() => this.#progress.end());
    control.condition = 'stopped';
    release();
  }

  /** Once a second, since age grows without entries: how far behind it is. */
  #look(): void {
    this.#cancelLook = this.#options.clock.after(LOOK_MILLIS, () => {
      this.#loop?.look();
      this.#look();
    });
  }

  /** After those who wait for entries have taken them: what is being written does not wait. */
  #lookSoon(): void {
    if (this.#looksSoon) return;
    this.#looksSoon = true;
    setImmediate(() => {
      this.#looksSoon = false;
      this.#loop?.look();
    });
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
      this.#health.log(Severity.WARN, `it was not closed cleanly: ${problemText(error)}`);
    }
  }
}
