import type { JournalEntry } from '../component/index.ts';
import { DiskFloor } from './disk-floor.ts';
import type { IntakeQueue } from './intake-queue.ts';
import type { Settings } from './options.ts';
import type { Recovered } from './recover.ts';
import { framesBegin } from './segment-header.ts';
import type { Segments } from './segments.ts';
import { type NoRoom, Writer } from './writer.ts';

/**
 * Writes pending batches to disk, group by group, and starts new segments between them. It runs while there
 * is work. The first error ends it permanently.
 */
export class WriteLoop {
  readonly #settings: Settings;
  readonly #recovered: Recovered;
  readonly #segments: Segments;
  readonly #intake: IntakeQueue;
  readonly #committed: (entries: readonly JournalEntry[]) => void;
  readonly #writer: Writer;
  readonly #floor: DiskFloor;
  #running: Promise<void> | undefined;
  /** Callers that wait for a new segment. */
  #rollRequests: (() => void)[] = [];
  #faulted: Error | undefined;
  #next: number;
  #groups = 0;
  /** No file descriptor was left for the last segment that was to be created. */
  #lacksDescriptor = false;

  /** @param committed called with the entries of a group as soon as they are on disk */
  constructor(
    settings: Settings,
    recovered: Recovered,
    segments: Segments,
    intake: IntakeQueue,
    committed: (entries: readonly JournalEntry[]) => void,
  ) {
    this.#settings = settings;
    this.#recovered = recovered;
    this.#segments = segments;
    this.#intake = intake;
    this.#committed = committed;
    const { active, handle, manifest, formerIds } = recovered;
    this.#writer = new Writer(settings, {
      segment: segments.newest,
      file: active,
      handle,
      manifest,
      formerIds,
    });
    this.#floor = new DiskFloor(settings);
    this.#next = recovered.next;
  }

  /** The index of the next entry, after the last one on disk. */
  get next(): number {
    return this.#next;
  }

  get groups(): number {
    return this.#groups;
  }

  get syncs(): number {
    return this.#writer.syncs;
  }

  /** The error that ended the loop. */
  get faulted(): Error | undefined {
    return this.#faulted;
  }

  /** How many bytes may be queued before the journal is full. */
  room(): number {
    const { maxBytes, segmentBytes } = this.#settings;
    const rolls = this.#writer.segment!.end + this.#intake.bytes >= segmentBytes;
    return maxBytes - this.#segments.bytes - (rolls ? framesBegin(this.#recovered.producers.count) : 0);
  }

  /** Whether a batch of this size would find room now. */
  async hasRoom(bytes: number): Promise<boolean> {
    if (this.#lacksDescriptor && !(await this.#writer.hasDescriptor())) return false;
    return bytes <= this.room() && (await this.#floor.has(bytes));
  }

  /**
   * Whether the active segment is large enough to start a new one, so that it can be removed after it was
   * read.
   */
  get isBig(): boolean {
    const { end, begin } = this.#writer.segment!;
    const { segmentBytes, maxBytes } = this.#settings;
    const costs = framesBegin(this.#recovered.producers.count);
    return end - begin > costs && (end >= segmentBytes / 2 || end >= maxBytes / 4);
  }

  /** Creates the first segment, if there is none to write to. @throws if there is no room for it */
  async begin(): Promise<void> {
    if (this.#writer.segment !== undefined) return;
    // A last segment without entries already has the name that the new one would get.
    if (this.#segments.newest?.head.firstIndex === this.#next) this.#next += 1;
    const refused = await this.#roll();
    if (refused === undefined) return;
    const what = refused === 'disk' ? 'room on the disk' : 'file descriptor';
    throw new Error(`journal: no ${what} is left for a segment in ${this.#settings.directory}`);
  }

  /** Starts the loop if there is work. */
  wake(): void {
    if (this.#running !== undefined || this.#faulted !== undefined || !this.#hasWork) return;
    this.#running = this.#run()
      .catch((error: unknown) => this.fault(error))
      .finally(() => {
        this.#running = undefined;
        this.wake();
      });
  }

  /**
   * Starts a new segment after the group that is being written, if there is room. Resolves then, or at a
   * fault.
   */
  roll(): Promise<void> {
    if (this.#faulted !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#rollRequests.push(resolve);
      this.wake();
    });
  }

  /** Call when the disk has more room than before. */
  roomChanged(): void {
    this.#floor.invalidate();
  }

  /** Ends the loop: nothing is written or retried any more. */
  fault(error: unknown): void {
    if (this.#faulted !== undefined) return;
    const fault = error instanceof Error ? error : new Error(String(error));
    this.#faulted = fault;
    for (const resolve of this.#rollRequests.splice(0)) resolve();
    this.#intake.fail(fault);
    this.#recovered.quarantine.report(`a write failed (${fault.message}); no more records are accepted`);
    try {
      this.#settings.onFault(fault);
    } catch {
      // The fault itself is already recorded.
    }
  }

  /** Writes the pending batches, ends the segment with a seal, and closes the file. */
  async end(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    if (this.#faulted === undefined) await this.#writer.seal(this.#next);
    else await this.abandon();
  }

  /** Closes the file without a seal. */
  abandon(): Promise<void> {
    return this.#writer.abandon();
  }

  get #hasWork(): boolean {
    return this.#intake.waiting > 0 || this.#rollRequests.length > 0;
  }

  async #run(): Promise<void> {
    while (this.#faulted === undefined && this.#hasWork) {
      // Everything that is appended in this turn of the event loop belongs to the same group.
      await undefined;
      const requests = this.#rollRequests.splice(0);
      try {
        if (requests.length > 0) await this.#roll();
      } finally {
        for (const resolve of requests) resolve();
      }
      if (this.#intake.waiting > 0) await this.#group();
    }
  }

  async #group(): Promise<void> {
    const group = this.#intake.takeGroup();
    const bytes = group.reduce((sum, waiting) => sum + waiting.bytes, 0);
    const refused = await this.#makeRoom(bytes);
    if (refused !== undefined) return this.#intake.refuse(refused);
    const first = this.#next;
    const entries: JournalEntry[] = group.map(({ batch, receivedMillis }, at) => ({
      index: first + at,
      receivedMillis,
      records: batch.records,
      body: batch.body,
      origin: batch.origin,
    }));
    const written = await this.#writer.group(
      entries,
      group.map(({ batch }) => batch.bodyCrc),
    );
    // A fault of a concurrent trim has answered them already.
    if (this.#faulted !== undefined) return;
    if (written !== 'written') {
      this.#floor.invalidate();
      return this.#intake.refuse(written);
    }
    this.#groups += 1;
    this.#next = first + entries.length;
    this.#committed(entries);
  }

  /** @returns why there is no room */
  async #makeRoom(bytes: number): Promise<NoRoom | undefined> {
    if (!(await this.#floor.allows(bytes))) return 'disk';
    const { end, begin } = this.#writer.segment!;
    // The header never takes more than half of a full segment, however many producers there are.
    const upTo = Math.max(this.#settings.segmentBytes, 2 * begin);
    return end === begin || end + bytes <= upTo ? undefined : this.#roll();
  }

  /** @returns why no segment could be created */
  async #roll(): Promise<NoRoom | undefined> {
    const { id, producers, time, recordsBefore } = this.#recovered;
    if (this.#writer.segment?.head.firstIndex === this.#next) return undefined;
    const before = this.#segments.newest;
    const table = await producers.table();
    const segment = await this.#writer.roll(
      {
        id,
        firstIndex: this.#next,
        recordsBefore: Math.max(before?.records ?? 0, recordsBefore),
        bytesBefore: before?.bytes ?? 0,
        timeMillis: time.millis,
      },
      table,
    );
    this.#lacksDescriptor = segment === 'descriptors';
    if (typeof segment === 'string') return segment;
    this.#segments.add(segment);
    return undefined;
  }
}
