import type {
  Accepted,
  Batch,
  Behind,
  Intake,
  JournalReader,
  JournalStats,
  JournalView,
} from '../component/index.ts';
import { wholeNumber } from '../settings/index.ts';
import { ClockOffsets } from './clock-offsets.ts';
import { isMissing } from './files.ts';
import { IntakeQueue } from './intake-queue.ts';
import { type JournalOptions, type Settings, withJournalDefaults } from './options.ts';
import type { Producers } from './producers.ts';
import { ReadFiles } from './read-files.ts';
import { Growth, Reader, type ReadSource } from './reader.ts';
import { Recent } from './recent.ts';
import { type Recovered, recover } from './recover.ts';
import { Segments } from './segments.ts';
import { WriteLoop } from './write-loop.ts';

/**
 * Keeps batches on the disk until every sink has them: the one place of acknowledged batches.
 *
 * - **Safe**: `append` resolves after the batch is on the disk (fdatasync). After an error of a write or a
 *   sync nothing is tried again: all waiting appends reject, `onFault` is called, no later append succeeds.
 * - **Once**: a batch with an origin is taken once, also across restarts.
 * - **Full**: beyond `maxBytes`, at the disk's floor, or with no room left, `append` answers `full`; nothing
 *   was written then, and {@link trim} makes room.
 * - **Damaged**: what fails its checksum is quarantined and counted; reading continues after it.
 *
 * One process at a time may have a directory open; the lock is the caller's.
 */
export class Journal implements Intake, JournalView {
  readonly id: Uint8Array;
  readonly #settings: Settings;
  readonly #offsets: ClockOffsets;
  readonly #recovered: Recovered;
  readonly #producers: Producers;
  readonly #segments: Segments;
  readonly #intake: IntakeQueue;
  readonly #loop: WriteLoop;
  readonly #recent: Recent;
  readonly #readFiles: ReadFiles;
  readonly #growth = new Growth();
  #trimming: Promise<unknown> = Promise.resolve();
  #closed: Error | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Opens the journal of a directory, or makes one; reads the heads of all segments and the entries of the
   * last.
   * @throws (rejects) for a newer format version (nothing was touched)
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const settings = withJournalDefaults(options);
    const journal = new Journal(settings, await recover(settings));
    try {
      await journal.#loop.begin();
      return journal;
    } catch (error) {
      await journal.#loop.abandon();
      await journal.#recovered.handle.close();
      throw error;
    }
  }

  /** Use {@link Journal.open}. */
  private constructor(settings: Settings, recovered: Recovered) {
    this.#settings = settings;
    this.#offsets = new ClockOffsets(settings.clock);
    this.#recovered = recovered;
    this.id = Uint8Array.from(recovered.id);
    this.#producers = recovered.producers;
    this.#segments = new Segments(recovered.segments);
    this.#recent = new Recent(settings.recentBytes);
    this.#readFiles = new ReadFiles(settings.files);
    this.#intake = new IntakeQueue(settings, recovered.producers, recovered.time, this.#offsets);
    this.#loop = new WriteLoop(settings, recovered, this.#segments, this.#intake, (entries) => {
      this.#recent.add(entries);
      this.#intake.committed(entries);
      this.#growth.grew();
    });
  }

  get first(): number {
    return this.#segments.oldest?.head.firstIndex ?? this.next;
  }

  get next(): number {
    return this.#loop.next;
  }

  lastSeq(producer: Uint8Array): number {
    return this.#producers.find(producer)?.last ?? 0;
  }

  ownerOf(producer: Uint8Array): string | undefined {
    return this.#producers.find(producer)?.owner;
  }

  async append(batch: Batch): Promise<Accepted> {
    this.#checkOpen();
    const answer = this.#intake.append(batch, this.#loop.room());
    this.#loop.wake();
    return answer;
  }

  continues(id: string): boolean {
    const { formerIds } = this.#recovered;
    return id === Buffer.from(this.id).toString('hex') || formerIds.includes(id);
  }

  reader(position: number, recordsBefore?: number): JournalReader {
    const journal = this;
    const source: ReadSource = {
      get first() {
        return journal.first;
      },
      get next() {
        return journal.next;
      },
      recent: this.#recent,
      readFiles: this.#readFiles,
      quarantine: this.#recovered.quarantine,
      segmentsAt: (index) => this.#segments.at(index),
      grown: (signal) => this.#growth.wait(signal),
    };
    return new Reader(source, position, recordsBefore);
  }

  behind(position: number): Behind {
    const index = Math.max(wholeNumber('position', position, 0), this.first);
    const { newest } = this.#segments;
    if (index >= this.next || newest === undefined) return { batches: 0, records: 0, bytes: 0, ageMillis: 0 };
    const { segment } = this.#segments.at(index);
    const before = segment.before(index);
    const known = this.#recent.find(index) ?? segment.markOf(index);
    return {
      batches: this.next - index,
      records: Math.max(0, newest.records - before.records),
      bytes: Math.max(0, newest.bytes - before.bytes),
      ageMillis: this.#offsets.ageMillis(known.index, known.receivedMillis),
    };
  }

  onGrowth(listener: () => void): () => void {
    return this.#growth.listen(listener);
  }

  /**
   * Removes whole segments that lie before `position`: all sinks have them. The segment that is written to
   * stays; if all of it was read and it is big, a new one is begun, so that it can go.
   * @throws (rejects) if a file cannot be removed; it is tried again at the next call
   */
  async trim(position: number): Promise<void> {
    wholeNumber('position', position, 0);
    const trimmed = this.#trimming.then(() => this.#trim(position));
    this.#trimming = trimmed.catch(() => {});
    return trimmed;
  }

  /**
   * Checks for room, so that `isFull` of the statistics is true before a batch is refused, and false again
   * when there is room although no batch arrives. To be called once a second.
   */
  async checkRoom(): Promise<void> {
    this.#intake.isFull = !(await this.#loop.hasRoom(this.#intake.neededBytes));
  }

  stats(): JournalStats {
    return {
      ...this.#recovered.quarantine.counts,
      bytes: this.#segments.bytes,
      maxBytes: this.#settings.maxBytes,
      batches: this.next - this.first,
      segments: this.#segments.count,
      queuedBatches: this.#intake.waiting,
      queuedBytes: this.#intake.bytes,
      groups: this.#loop.groups,
      syncs: this.#loop.syncs,
      isFull: this.#intake.isFull,
      refused: { ...this.#intake.full },
      producers: this.#producers.count,
      forgottenProducers: this.#producers.forgotten,
    };
  }

  /** Takes no new batch, writes what waits, and closes. Waiting readers reject. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #trim(position: number): Promise<void> {
    this.#checkOpen();
    if (position >= this.next && this.#loop.isBig) await this.#loop.roll();
    const { files, sync } = this.#settings;
    let removed = 0;
    for (let gone = this.#segments.take(position); gone; gone = this.#segments.take(position)) {
      try {
        await files.unlink(gone.path);
      } catch (error) {
        if (!isMissing(error)) {
          this.#segments.putBack(gone);
          throw error;
        }
      }
      this.#readFiles.forget(gone.path);
      removed += 1;
    }
    if (removed === 0) return;
    this.#loop.roomChanged();
    this.#intake.isFull = false;
    try {
      if (sync === 'always') await this.#recovered.handle.sync();
    } catch (error) {
      this.#loop.fault(error);
      throw error;
    }
  }

  async #close(): Promise<void> {
    this.#closed = new Error('the journal is closed');
    await this.#trimming;
    try {
      await this.#loop.end();
    } finally {
      this.#growth.close(this.#closed);
      this.#readFiles.close();
      await this.#recovered.handle.close();
    }
  }

  #checkOpen(): void {
    const ended = this.#loop.faulted ?? this.#closed;
    if (ended !== undefined) throw ended;
  }
}
