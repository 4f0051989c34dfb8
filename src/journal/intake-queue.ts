import type { Accepted, Batch, JournalEntry, Origin } from '../component/index.ts';
import { Severity } from '../record/index.ts';
import { shown } from '../settings/index.ts';
import type { ClockOffsets } from './clock-offsets.ts';
import { FRAME_BYTES } from './frame.ts';
import { MAX_BODY_BYTES, type Settings } from './options.ts';
import type { JournalTime, Producer, Producers } from './producers.ts';
import type { NoRoom } from './writer.ts';

/** A batch on its way to the disk. */
export interface Waiting {
  readonly batch: Batch;
  readonly receivedMillis: number;
  /** By how much the wall clock was ahead of the monotonic one then. */
  readonly clockOffset: number;
  readonly producer: Producer | undefined;
  readonly bytes: number;
  readonly settle: Settle;
  /** Repeats and gaps of the same producer, which are answered when this is decided. */
  readonly followers: Follower[];
}

interface Settle {
  readonly resolve: (answer: Accepted) => void;
  readonly reject: (error: Error) => void;
}

interface Follower {
  readonly origin: Origin;
  readonly settle: Settle;
}

/** When a sender may ask again after `full`, milliseconds. */
const RETRY_AFTER_MILLIS = 1_000;
const WHY: Readonly<Record<NoRoom, string>> = {
  disk: 'the disk is full, or at its floor (journal.minFreeBytes)',
  descriptors: 'there is no file descriptor for the next segment (ulimit -n)',
};
/** How long after a batch found no room the journal counts as full, although a smaller one fits. */
const STILL_FULL_MILLIS = 10_000;
const WARNING_MILLIS = 60_000;
const GROUP_BATCHES = 64;
const GROUP_BYTES = 8_388_608;

/**
 * Why batches were refused: the `journal` has its size, the `disk` is full or at its floor, no file
 * `descriptors` are left for the next segment, too much is in the `queue`.
 */
export type FullCause = 'journal' | 'queue' | NoRoom;

/**
 * Accepts or refuses batches, in the order of the calls, and holds those that wait for the disk.
 * A batch is taken if `prev <= taken < seq`, where `taken` counts what is still on its way.
 */
export class IntakeQueue {
  readonly #settings: Settings;
  readonly #producers: Producers;
  readonly #time: JournalTime;
  readonly #offsets: ClockOffsets;
  #waiting: Waiting[] = [];
  #group: readonly Waiting[] = [];
  /** The last batch on its way, for each producer that has one. */
  readonly #tails = new Map<Producer, Waiting>();
  /** Bytes of frames that wait or are being written. */
  bytes = 0;
  readonly full: Record<FullCause, number> = { journal: 0, disk: 0, descriptors: 0, queue: 0 };
  /** A batch of {@link neededBytes} finds no room in the journal or on the disk. */
  isFull = false;
  /** What the last batch needed that found no room; else that of the smallest one. */
  neededBytes = FRAME_BYTES;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #nextWarning = Number.NEGATIVE_INFINITY;

  constructor(settings: Settings, producers: Producers, time: JournalTime, offsets: ClockOffsets) {
    this.#settings = settings;
    this.#producers = producers;
    this.#time = time;
    this.#offsets = offsets;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * @param roomBytes how much more the journal takes, beside what is queued
   * @throws (rejects) RangeError for a batch that no receiver may make
   */
  async append(batch: Batch, roomBytes: number): Promise<Accepted> {
    check(batch);
    const { clock } = this.#settings;
    const receivedMillis = clock.now();
    const now = this.#time.advance(receivedMillis);
    const { origin } = batch;
    const known = origin === undefined ? undefined : this.#producers.find(origin.producer);
    const taken = known?.taken ?? 0;
    if (origin !== undefined && known !== undefined) this.#producers.seen(origin, now);
    if (origin !== undefined && (origin.seq <= taken || origin.prev > taken)) {
      return this.#afterTail(origin, known);
    }
    const bytes = FRAME_BYTES + batch.body.length;
    if (this.bytes + bytes > roomBytes) return this.#full('journal', bytes);
    if (this.bytes > 0 && this.bytes + bytes > this.#settings.maxQueuedBytes)
      return this.#full('queue', bytes);
    const producer = origin && this.#producers.seen(origin, now);
    if (producer !== undefined) {
      producer.taken = origin!.seq;
      producer.inFlight += 1;
    }
    this.#producers.forget(now);
    this.bytes += bytes;
    return new Promise((resolve, reject) => {
      const settle = { resolve, reject };
      const clockOffset = receivedMillis - clock.monotonicNow();
      const waiting: Waiting = {
        ...{ batch, receivedMillis, clockOffset, producer, bytes, settle, followers: [] },
      };
      this.#waiting.push(waiting);
      if (producer !== undefined) this.#tails.set(producer, waiting);
    });
  }

  /** What is written together next. */
  takeGroup(): readonly Waiting[] {
    let count = 0;
    let bytes = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes;
      if (count > 0 && (bytes > GROUP_BYTES || count === GROUP_BATCHES)) break;
      count += 1;
    }
    this.#group = this.#waiting.splice(0, count);
    return this.#group;
  }

  /** The group is on the disk, as these entries. */
  committed(entries: readonly JournalEntry[]): void {
    const group = this.#group;
    this.#group = [];
    this.#foundRoom(group);
    const now = this.#time.advance(this.#settings.clock.now());
    for (const [at, { batch, producer, settle, clockOffset }] of group.entries()) {
      this.#offsets.received(entries[at]!.index, clockOffset);
      if (producer !== undefined) {
        producer.inFlight -= 1;
        this.#producers.committed(batch.origin!, now);
      }
      settle.resolve({ kind: 'accepted', index: entries[at]!.index });
    }
    this.#producers.forget(now);
    this.#leave(group);
  }

  /**
   * There is no room: refuses the group and all that waits behind it. This preserves the order of each
   * sender: a later batch must not be written before one that its sender was asked to repeat.
   */
  refuse(cause: NoRoom): void {
    this.#warn(cause);
    const refused = [...this.#group, ...this.#waiting];
    this.#group = [];
    this.#waiting = [];
    for (const { producer, settle, bytes } of refused) {
      if (producer !== undefined) {
        producer.inFlight -= 1;
        producer.taken = producer.last;
      }
      settle.resolve(this.#full(cause, bytes));
    }
    this.#leave(refused, cause);
  }

  #warn(cause: NoRoom): void {
    const now = this.#settings.clock.monotonicNow();
    if (now < this.#nextWarning) return;
    this.#nextWarning = now + WARNING_MILLIS;
    this.#settings.log.emit(Severity.WARN, `journal: no records are accepted: ${WHY[cause]}`);
  }

  /** No batch will be written any more. */
  fail(error: Error): void {
    const failed = [...this.#group, ...this.#waiting];
    this.#group = [];
    this.#waiting = [];
    this.#tails.clear();
    this.bytes = 0;
    for (const { settle, followers } of failed) {
      settle.reject(error);
      for (const follower of followers) follower.settle.reject(error);
    }
  }

  /** @param cause why they were refused, if they were */
  #leave(gone: readonly Waiting[], cause?: NoRoom): void {
    for (const { batch, producer, followers, bytes } of gone) {
      this.bytes -= bytes;
      for (const { origin, settle } of followers) {
        settle.resolve(this.#answer(origin, producer, cause, bytes));
      }
      if (producer === undefined) continue;
      if (this.#tails.get(producer)?.batch === batch) this.#tails.delete(producer);
    }
  }

  /** A repeat or a gap is answered when all earlier batches of its producer are decided. */
  #afterTail(origin: Origin, known: Producer | undefined): Accepted | Promise<Accepted> {
    const tail = known && this.#tails.get(known);
    if (tail === undefined || origin.seq <= known!.last) return this.#answer(origin, known);
    return new Promise((resolve, reject) => {
      tail.followers.push({ origin, settle: { resolve, reject } });
    });
  }

  /** @param cause why the first copy, of so many bytes, was refused */
  #answer(
    origin: Origin,
    known: Producer | undefined,
    cause: NoRoom = 'disk',
    bytes = FRAME_BYTES,
  ): Accepted {
    const last = known?.last ?? 0;
    if (origin.seq <= last) return { kind: 'duplicate', last };
    if (origin.prev > last) return { kind: 'gap', last };
    return this.#full(cause, bytes);
  }

  /** A smaller batch, such as one of the daemon's own records, may find room where those of others do not. */
  #foundRoom(group: readonly Waiting[]): void {
    const bytes = group.reduce((sum, waiting) => sum + waiting.bytes, 0);
    const isRecent = this.#settings.clock.monotonicNow() - this.#refusedAt < STILL_FULL_MILLIS;
    if (bytes < this.neededBytes && isRecent) return;
    this.isFull = false;
    this.neededBytes = FRAME_BYTES;
  }

  #full(cause: FullCause, bytes: number): Accepted {
    this.full[cause] += 1;
    if (cause !== 'queue') {
      this.isFull = true;
      this.neededBytes = bytes;
      this.#refusedAt = this.#settings.clock.monotonicNow();
    }
    return { kind: 'full', retryAfterMillis: RETRY_AFTER_MILLIS };
  }
}

function check({ body, records, origin }: Batch): void {
  if (body.length > MAX_BODY_BYTES) {
    throw new RangeError(`body must have up to ${MAX_BODY_BYTES} bytes, got ${body.length}`);
  }
  if (!Number.isInteger(records) || records < 0 || records > 0xffff_ffff) {
    throw new RangeError(`records must be a whole number from 0 to 4294967295, got ${shown(records)}`);
  }
  if (origin === undefined) return;
  if (origin.producer.length !== 16) {
    throw new RangeError(`origin.producer must have 16 bytes, got ${origin.producer.length}`);
  }
  if (!Number.isSafeInteger(origin.seq) || origin.seq < 1) {
    throw new RangeError(`origin.seq must be a whole number from 1, got ${shown(origin.seq)}`);
  }
  if (!Number.isSafeInteger(origin.prev) || origin.prev < 0) {
    throw new RangeError(`origin.prev must be a whole number from 0, got ${shown(origin.prev)}`);
  }
}
