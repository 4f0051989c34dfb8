import { type BoxContents, recoverBoxes, type SendOutcome } from '../../box/index.ts';
import {
  type Intake,
  newCounters,
  type OwnLog,
  type Receiver,
  type ReceiverCounters,
  Refusals,
} from '../../component/index.ts';
import { LogsEncoder } from '../../otlp/index.ts';
import {
  type Clock,
  errorText,
  type ReadableLogRecordLike,
  Severity,
  systemClock,
  within,
} from '../../record/index.ts';
import type { BoxReceiverOptions } from './options.ts';

export interface BoxReceiverTools {
  readonly intake: Intake;
  readonly log?: OwnLog | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * The number of records per batch. The same box must always give the same batches, so this must never change.
 */
const BATCH = 512;

/**
 * Reads the black boxes of processes that have died from a directory. It owns a timer; one box is read at a
 * time.
 *
 * A box is removed when the journal holds all of its batches. Its id is the producer, and each batch has a
 * fixed number: if the daemon dies in between, the next one reads the box again, and the journal detects the
 * batches that it already has.
 *
 * - **Full**: while the journal is full, the box waits.
 * - **Fails**: a box that cannot be read is renamed to `….kept`, counted and logged.
 * - **Stops**: a box that is being read is left for the next start.
 */
export class BoxReceiver implements Receiver {
  readonly counters: ReceiverCounters = newCounters();
  readonly #options: BoxReceiverOptions;
  readonly #intake: Intake;
  readonly #log: OwnLog | undefined;
  readonly #clock: Clock;
  readonly #refusals: Refusals;
  readonly #encoder = new LogsEncoder();
  /** Files that were refused and logged already. */
  readonly #refused = new Set<string>();
  #problem = '';
  #cancelTimer: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #wakeWait: () => void = () => {};
  #isStopping = false;

  constructor(options: BoxReceiverOptions, { intake, log, clock = systemClock }: BoxReceiverTools) {
    this.#options = options;
    this.#intake = intake;
    this.#log = log;
    this.#clock = clock;
    this.#refusals = new Refusals('BoxReceiver', this.counters, log);
  }

  /** The directory. */
  get endpoint(): string {
    return this.#options.directory;
  }

  async start(): Promise<void> {
    this.#arm(0);
  }

  async stop(graceMillis: number): Promise<void> {
    this.#isStopping = true;
    this.#cancelTimer?.();
    this.#wakeWait();
    if (this.#looking !== undefined) await within(this.#looking, graceMillis, this.#clock, true);
  }

  #arm(delayMillis: number): void {
    if (this.#isStopping) return;
    this.#cancelTimer = this.#clock.after(delayMillis, () => {
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined;
        this.#arm(this.#options.interval);
      });
    });
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { directory, maxFiles, maxTotalBytes, maxAge } = this.#options;
    const bounds = { maxFiles, maxTotalBytes, maxAgeMillis: maxAge };
    try {
      const report = await recoverBoxes(
        directory,
        bounds,
        () => !this.#isStopping,
        (records, contents) => this.#take(records, contents),
      );
      if (report.removed > 0)
        this.#refusals.dropped('bounds', 0, directory, `${report.removed} boxes were removed unread`);
      for (const [file, why] of report.refused) this.#refuse(file, why);
      for (const [path, why] of report.kept) this.#refusals.refused('unreadable', path, why);
      this.#problem = '';
    } catch (error) {
      this.#report(error);
    }
  }

  async #take(records: readonly ReadableLogRecordLike[], { header }: BoxContents): Promise<SendOutcome> {
    const producer = Buffer.from(header.id, 'hex');
    for (let at = 0; at < records.length; at += BATCH) {
      const batch = records.slice(at, at + BATCH);
      const seq = at / BATCH + 1;
      const body = this.#encoder.encode(batch);
      const isThere = await this.#append(body, batch.length, { producer, seq, prev: seq - 1 });
      if (!isThere) return this.#isStopping ? 'later' : 'failed';
    }
    const text = `a process of ${header.service} (pid ${header.pid}) has died; ${records.length} records were recovered`;
    this.#log?.emit(Severity.WARN, `BoxReceiver: ${text}`, { 'burst.id': header.id });
    return 'exported';
  }

  async #append(
    body: Uint8Array,
    records: number,
    origin: { readonly producer: Uint8Array; readonly seq: number; readonly prev: number },
  ): Promise<boolean> {
    while (!this.#isStopping) {
      const accepted = await this.#intake.append({ body, records, origin });
      switch (accepted.kind) {
        case 'accepted':
          this.counters.batches += 1;
          this.counters.records += records;
          this.counters.bytes += body.length;
          return true;
        case 'duplicate':
          this.counters.duplicates += 1;
          return true;
        case 'gap':
          // The journal has dropped this producer in the meantime, and with it the batches of the box that it
          // had.
          return false;
        case 'full':
          await this.#wait(accepted.retryAfterMillis);
      }
    }
    return false;
  }

  #wait(millis: number): Promise<void> {
    // The receiver may have started to stop while the journal answered.
    if (this.#isStopping) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#clock.after(millis, resolve, true);
      this.#wakeWait = () => {
        cancel();
        resolve();
      };
    });
  }

  #refuse(file: string, why: string): void {
    if (this.#refused.has(file)) return;
    this.#refused.add(file);
    this.#refusals.refused('foreign', file, why);
  }

  /** Logs a problem once. It is not a problem if the directory does not exist yet. */
  #report(error: unknown): void {
    const text = errorText(error);
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || text === this.#problem) return;
    this.#problem = text;
    this.#refusals.refused('directory', this.#options.directory, text);
  }
}
