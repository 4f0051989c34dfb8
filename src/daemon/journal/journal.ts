import { join } from 'node:path';
import { wholeNumber } from '../../record/index.ts';
import type {
  Accepted,
  Batch,
  Behind,
  Intake,
  JournalEntry,
  JournalReader,
  JournalView,
} from '../contract.ts';
import { DiskFloor } from './disk-floor.ts';
import { isMissing } from './files.ts';
import { Growth } from './growth.ts';
import { framesBegin } from './head.ts';
import { type Inspection, inspect } from './inspect.ts';
import { type FullCause, IntakeQueue } from './intake-queue.ts';
import { type JournalOptions, resolve, type Settings } from './options.ts';
import type { Producers } from './producers.ts';
import { ReadFiles } from './read-files.ts';
import { Reader, type ReadSource } from './reader.ts';
import { Recent } from './recent.ts';
import { type Recovered, recover } from './recover.ts';
import type { Segment } from './segment.ts';
import type { DamageCounts } from './set-aside.ts';
import { Writer } from './writer.ts';

/** What a journal counts, since it was opened where nothing else is said. */
export interface JournalStats extends DamageCounts {
  /** Size of all segments, now. */
  readonly bytes: number;
  readonly segments: number;
  /** Batches and bytes that wait to be written, now. */
  readonly queuedBatches: number;
  readonly queuedBytes: number;
  readonly groups: number;
  readonly syncs: number;
  /** Batches that were answered `full`, by cause. */
  readonly full: Readonly<Record<FullCause, number>>;
  /** Producers remembered, now; and how many were forgotten. */
  readonly producers: number;
  readonly forgottenProducers: number;
}

/**
 * Keeps batches on the disk until every sink has them: the one place where an acknowledged batch lies.
 *
 * - **Safe**: `append` resolves after the batch is on the disk (fdatasync). After an error of a write or a sync
 *   nothing is tried again: all waiting appends reject, `onFault` is called, no later append succeeds.
 * - **Once**: a batch with an origin is taken once, also across restarts.
 * - **Full**: beyond `maxBytes`, at the disk's floor, or with no room left, `append` answers `full`; nothing was
 *   written then, and {@link trim} makes room.
 * - **Damaged**: what does not check out is set aside and counted; reading goes on behind it.
 *
 * One process at a time may have a directory open; the lock is the caller's.
 */
export class Journal implements Intake, JournalView {
  readonly id: Uint8Array;
  readonly #settings: Settings;
  readonly #segments: Segment[];
  readonly #producers: Producers;
  readonly #recovered: Recovered;
  readonly #writer: Writer;
  readonly #intake: IntakeQueue;
  readonly #floor: DiskFloor;
  readonly #recent: Recent;
  readonly #readFiles: ReadFiles;
  readonly #growth = new Growth();
  readonly #source: ReadSource;
  #next: number;
  #bytes: number;
  #groups = 0;
  #writing: Promise<void> | undefined;
  /** Those who wait for a new segment. */
  #rollAsked: (() => void)[] = [];
  #trimming: Promise<unknown> = Promise.resolve();
  #faulted: Error | undefined;
  #closed: Error | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Opens the journal of a directory, or makes one; reads the heads of all segments and the entries of the last.
   * @throws TypeError, RangeError for wrong options; Error for a newer format version (nothing was touched)
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const settings = resolve(options);
    const journal = new Journal(settings, await recover(settings));
    await journal.#begin();
    return journal;
  }

  /** What is in a directory, without changing anything. It may be open elsewhere. */
  static inspect(directory: string): Promise<Inspection> {
    return inspect(directory);
  }

  /** Use {@link Journal.open}. */
  private constructor(settings: Settings, recovered: Recovered) {
    this.#settings = settings;
    this.#recovered = recovered;
    this.id = Uint8Array.from(recovered.id);
    this.#segments = recovered.segments;
    this.#producers = recovered.producers;
    this.#next = recovered.next;
    this.#bytes = this.#segments.reduce((sum, { end }) => sum + end, 0);
    this.#writer = new Writer(settings, this.#segments.at(-1), recovered.active);
    this.#intake = new IntakeQueue(settings, recovered.producers, recovered.time);
    this.#floor = new DiskFloor(settings);
    this.#recent = new Recent(settings.recentBytes);
    this.#readFiles = new ReadFiles(settings.files);
    const source = (): Journal => this;
    this.#source = {
      get first() {
        return source().first;
      },
      get next() {
        return source().next;
      },
      recent: this.#recent,
      readFiles: this.#readFiles,
      setAside: recovered.setAside,
      segmentsAt: (index) => this.#segmentsAt(index),
      grown: (signal) => this.#growth.wait(signal),
    };
  }

  get first(): number {
    return this.#segments[0]?.head.firstIndex ?? this.#next;
  }

  get next(): number {
    return this.#next;
  }

  lastSeq(producer: Uint8Array): number {
    return this.#producers.find(producer)?.last ?? 0;
  }

  async append(batch: Batch): Promise<Accepted> {
    this.#checkOpen();
    const answer = this.#intake.append(batch, this.#room());
    this.#write();
    return answer;
  }

  reader(position: number): JournalReader {
    return new Reader(this.#source, position);
  }

  behind(position: number): Behind {
    const index = Math.max(wholeNumber('position', position, 0), this.first);
    const last = this.#segments.at(-1);
    if (index >= this.#next || last === undefined) return { batches: 0, records: 0, bytes: 0, ageMillis: 0 };
    const before = this.#segmentsAt(index).segment.before(index);
    const receivedMillis = this.#recent.find(index)?.receivedMillis ?? before.receivedMillis;
    return {
      batches: this.#next - index,
      records: Math.max(0, last.records - before.records),
      bytes: Math.max(0, last.bytes - before.bytes),
      ageMillis: Math.max(0, this.#settings.clock.now() - receivedMillis),
    };
  }

  /**
   * Removes whole segments that lie before `position`: all sinks have them. The segment that is written to stays;
   * if all of it was read and it is big, a new one is begun, so that it can go.
   * @throws (rejects) if a file cannot be removed; it is tried again at the next call
   */
  async trim(position: number): Promise<void> {
    wholeNumber('position', position, 0);
    const trimmed = this.#trimming.then(() => this.#trim(position));
    this.#trimming = trimmed.catch(() => {});
    return trimmed;
  }

  stats(): JournalStats {
    return {
      ...this.#recovered.setAside.counts,
      bytes: this.#bytes,
      segments: this.#segments.length,
      queuedBatches: this.#intake.waiting,
      queuedBytes: this.#intake.bytes,
      groups: this.#groups,
      syncs: this.#writer.syncs,
      full: { ...this.#intake.full },
      producers: this.#producers.count,
      forgottenProducers: this.#producers.forgotten,
    };
  }

  /** Takes no new batch, writes what waits, and closes. Waiting readers reject. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #begin(): Promise<void> {
    if (this.#writer.segment !== undefined) return;
    // A last segment without entries has the name that the new one would get.
    if (this.#segments.at(-1)?.head.firstIndex === this.#next) this.#next += 1;
    if (!(await this.#roll())) {
      throw new Error(
        `journal: no room for a segment in ${this.#settings.directory}; make room and start again`,
      );
    }
  }

  #segmentsAt(index: number): { segment: Segment; behind: Segment | undefined } {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#segments[middle]!.head.firstIndex <= index) low = middle;
      else high = middle - 1;
    }
    return { segment: this.#segments[low]!, behind: this.#segments[low + 1] };
  }

  /** How much more may be queued before the journal is full. */
  #room(): number {
    const { maxBytes, segmentBytes } = this.#settings;
    const rolls = this.#writer.segment!.end + this.#intake.bytes >= segmentBytes;
    return maxBytes - this.#bytes - (rolls ? framesBegin(this.#producers.count) : 0);
  }

  #write(): void {
    if (this.#writing !== undefined || (this.#intake.waiting === 0 && this.#rollAsked.length === 0)) return;
    this.#writing = this.#writeAll()
      .catch((error: unknown) => this.#fault(error))
      .finally(() => {
        this.#writing = undefined;
        if (this.#faulted === undefined) this.#write();
      });
  }

  async #writeAll(): Promise<void> {
    while (this.#intake.waiting > 0 || this.#rollAsked.length > 0) {
      // Whatever else is appended in this turn belongs to the same group.
      await undefined;
      if (this.#rollAsked.length > 0) await this.#rollOnAsking();
      if (this.#intake.waiting > 0) await this.#writeGroup();
    }
  }

  async #rollOnAsking(): Promise<void> {
    const waiting = this.#rollAsked;
    this.#rollAsked = [];
    try {
      await this.#roll();
    } finally {
      for (const resolve of waiting) resolve();
    }
  }

  async #writeGroup(): Promise<void> {
    const group = this.#intake.takeGroup();
    const bytes = group.reduce((sum, waiting) => sum + waiting.bytes, 0);
    if (!(await this.#makeRoom(bytes))) return this.#intake.refuse('disk');
    const first = this.#next;
    const entries: JournalEntry[] = group.map(({ batch, receivedMillis }, at) => ({
      index: first + at,
      receivedMillis,
      records: batch.records,
      body: batch.body,
      origin: batch.origin,
    }));
    if ((await this.#writer.group(entries)) === 'full') {
      this.#floor.askAgain();
      return this.#intake.refuse('disk');
    }
    this.#bytes += bytes;
    this.#groups += 1;
    this.#next = first + entries.length;
    this.#recent.add(entries);
    this.#intake.landed(entries);
    this.#growth.grew();
  }

  async #makeRoom(bytes: number): Promise<boolean> {
    if (!(await this.#floor.allows(bytes))) return false;
    const { end, begin } = this.#writer.segment!;
    return end === begin || end + bytes <= this.#settings.segmentBytes || this.#roll();
  }

  /** Begins a new segment. @returns false if there is no room */
  async #roll(): Promise<boolean> {
    const last = this.#segments.at(-1);
    if (this.#writer.segment?.head.firstIndex === this.#next) return true;
    const segment = await this.#writer.roll(
      {
        id: this.#recovered.id,
        firstIndex: this.#next,
        recordsBefore: last?.records ?? 0,
        bytesBefore: last?.bytes ?? 0,
        timeMillis: this.#recovered.time.millis,
      },
      await this.#producers.table(),
    );
    if (segment === 'full') return false;
    this.#segments.push(segment);
    this.#bytes += segment.end;
    return true;
  }

  async #trim(position: number): Promise<void> {
    this.#checkOpen();
    if (position >= this.#next && this.#isBig()) {
      await new Promise<void>((resolve) => {
        this.#rollAsked.push(resolve);
        this.#write();
      });
    }
    const { files, directory } = this.#settings;
    let removed = 0;
    while (this.#segments.length > 1 && this.#segments[1]!.head.firstIndex <= position) {
      const segment = this.#segments.shift()!;
      try {
        await files.unlink(join(directory, segment.name));
      } catch (error) {
        if (!isMissing(error)) {
          this.#segments.unshift(segment);
          throw error;
        }
      }
      this.#bytes -= segment.end;
      this.#readFiles.forget(segment.path);
      removed += 1;
    }
    if (removed === 0) return;
    this.#floor.askAgain();
    try {
      if (this.#settings.sync === 'always') await files.syncDirectory(directory);
    } catch (error) {
      this.#fault(error);
      throw error;
    }
  }

  /** Worth a new segment: it holds more than a head costs, and a good part of what it or the journal may have. */
  #isBig(): boolean {
    const { end, begin } = this.#writer.segment!;
    const { segmentBytes, maxBytes } = this.#settings;
    return (
      end - begin > framesBegin(this.#producers.count) && (end >= segmentBytes / 2 || end >= maxBytes / 4)
    );
  }

  #fault(error: unknown): void {
    if (this.#faulted !== undefined) return;
    const fault = error instanceof Error ? error : new Error(String(error));
    this.#faulted = fault;
    for (const resolve of this.#rollAsked.splice(0)) resolve();
    this.#intake.fail(fault);
    this.#recovered.setAside.tell(`a write failed (${fault.message}); nothing is taken any more`);
    try {
      this.#settings.onFault(fault);
    } catch {
      // The fault is what counts.
    }
  }

  async #close(): Promise<void> {
    this.#closed = new Error('the journal is closed');
    await this.#trimming;
    // What was appended before is still written.
    while (this.#writing !== undefined) await this.#writing;
    this.#growth.close(this.#closed);
    this.#readFiles.close();
    if (this.#faulted === undefined) await this.#writer.seal(this.#next);
    else await this.#writer.abandon();
  }

  #checkOpen(): void {
    const ended = this.#faulted ?? this.#closed;
    if (ended !== undefined) throw ended;
  }
}
