import type { Accepted, Batch, JournalEntry, Origin } from '../component/index.ts';
import { Severity } from '../record/index.ts';
import { shown } from '../settings/index.ts';
import type { ClockOffsets } from './clock-offsets.ts';
import { FRAME_BYTES } from './frame.ts';
import { MAX_BODY_BYTES, type Settings } from './options.ts';
import type { JournalTime, Producer, Producers } from './producers.ts';
import type { NoRoom } from './writer.ts';

/** A batch that is to be written to disk. */
export interface Waiting {
  readonly batch: Batch;
  readonly receivedMillis: number;
  /** The difference of the wall clock and the monotonic clock at that time. */
  readonly clockOffset: number;
  readonly producer: Producer | undefined;
  readonly bytes: number;
  readonly settle: Settle;
  /** Repeats and gaps of the same producer, which are answered when this batch is decided. */
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

/** After how many milliseconds a sender may retry when the answer was `full`. */
const RETRY_AFTER_MILLIS = 1_000;
const WHY: Readonly<Record<NoRoom, string>> = {
  disk: 'the disk is full or has less free space than journal.minFreeBytes',
  descriptors: 'no file descriptor is left for the next segment (ulimit -n)',
};
/** After a batch found no room, the journal counts as full for this long even if a smaller batch fits. */
const STILL_FULL_MILLIS = 10_000;
const WARNING_MILLIS = 60_000;
const GROUP_BATCHES = 64;
const GROUP_BYTES = 8_388_608;

/**
 * Why batches were refused: the `journal` has its maximum size, the `disk` is full or below its free space
 * limit, no file `descriptors` are left for the next segment, or the `queue` is full.
 */
export type FullCause = 'journal' | 'queue' | NoRoom;

/**
 * Accepts or refuses batches in the order of the calls, and holds those that wait to be written. A batch is
 * accepted if `prev <= taken < seq`, where `taken` includes batches that are still being written.
 */
export class IntakeQueue {
  readonly #settings: Settings;
  readonly #producers: Producers;
  readonly #time: JournalTime;
  readonly #offsets: ClockOffsets;
  #waiting: Waiting[] = [];
  #group: readonly Waiting[] = [];
  /** The last pending batch of each producer that has one. */
  readonly #tails = new Map<Producer, Waiting>();
  /** Bytes of the frames that wait or are being written. */
  bytes = 0;
  readonly full: Record<FullCause, number> = { journal: 0, disk: 0, descriptors: 0, queue: 0 };
  /** Whether a batch of {@link neededBytes} finds no room in the journal or on the disk. */
  isFull = false;
  /** The size of the last batch that found no room; initially that of the smallest batch. */
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
   * @param roomBytes how many bytes the journal can take, including what is queued
   * @throws (rejects) RangeError for a batch that no receiver may create
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

  /** Removes and returns the batches that are written together next. */
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

  /** The group is on disk, as these entries. */
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
    this.#release(group);
  }

  /**
   * Refuses the group and everything that waits after it, because there is no room. This preserves the order
   * of each sender: a later batch must not be written before one that its sender was asked to resend.
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
    this.#release(refused, cause);
  }

  #warn(cause: NoRoom): void {
    const now = this.#settings.clock.monotonicNow();
    if (now < this.#nextWarning) return;
    this.#nextWarning = now + WARNING_MILLIS;
    this.#settings.log.emit(Severity.WARN, `journal: no records are accepted: ${WHY[cause]}`);
  }

  /** Rejects everything: no batch will be written any more. */
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

  /** @param cause why the batches were refused, if they were */
  #release(batches: readonly Waiting[], cause?: NoRoom): void {
    for (const { batch, producer, followers, bytes } of batches) {
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

  /** @param cause why the first copy, of this size, was refused */
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

  /**
   * A smaller batch, such as one of the daemon's own records, may find room when the batches of others do
   * not.
   */
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
    throw new RangeError(`body must have at most ${MAX_BODY_BYTES} bytes, got ${body.length}`);
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
