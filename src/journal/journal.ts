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
 * Keeps batches on disk until every sink has them. It is the only place for acknowledged batches.
 *
 * - **Durable**: `append` resolves after the batch is on disk (fdatasync). After an error of a write or a
 * sync nothing is retried: all pending appends reject, `onFault` is called, and no later append succeeds.
 * - **Exactly once**: a batch with an origin is accepted once, also across restarts.
 * - **Full**: beyond `maxBytes`, below the free space limit, or on a full disk, `append` answers `full` and
 * nothing is written; {@link trim} makes room.
 * - **Damaged**: data that fails its checksum is quarantined and counted; reading continues after it.
 *
 * Only one process may have a directory open; the caller is responsible for the lock.
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
   * Opens the journal of a directory, or creates one. Reads the headers of all segments and the entries of
   * the last one.
   * @throws (rejects) for a newer format version; nothing was changed
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
   * Removes segments whose entries all lie before `position`, which means that all sinks have them. The
   * active segment is kept; if all of it was read and it is big, a new segment is started, so that it can be
   * removed.
   * @throws (rejects) if a file cannot be removed; the next call retries
   */
  async trim(position: number): Promise<void> {
    wholeNumber('position', position, 0);
    const trimmed = this.#trimming.then(() => this.#trim(position));
    this.#trimming = trimmed.catch(() => {});
    return trimmed;
  }

  /**
   * Checks for room, so that `isFull` in the statistics becomes true before a batch is refused, and false
   * when there is room again although no batch arrives. Must be called once a second.
   */
  async checkRoom(): Promise<void> {
    const { neededBytes } = this.#intake;
    const hasRoom = await this.#loop.hasRoom(neededBytes);
    // A batch that was refused in the meantime needs another answer.
    if (neededBytes === this.#intake.neededBytes) this.#intake.isFull = !hasRoom;
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

  /**
   * Accepts no more batches, writes the pending ones, and closes. Waiting readers reject. May be called
   * twice.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #trim(position: number): Promise<void> {
    this.#checkOpen();
    if (position >= this.next && this.#loop.isBig) await this.#loop.roll();
    const { files, sync } = this.#settings;
    let removed = 0;
    for (let segment = this.#segments.take(position); segment; segment = this.#segments.take(position)) {
      try {
        await files.unlink(segment.path);
      } catch (error) {
        if (!isMissing(error)) {
          this.#segments.putBack(segment);
          throw error;
        }
      }
      this.#readFiles.forget(segment.path);
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
