import type { BatchCount, JournalEntry, JournalReader } from '../component/index.ts';
import { armImmediate } from '../record/index.ts';
import { wholeNumber } from '../settings/index.ts';
import { isMissing } from './files.ts';
import { FRAME_BYTES } from './frame.ts';
import type { Quarantine } from './quarantine.ts';
import type { ReadFiles } from './read-files.ts';
import type { Recent } from './recent.ts';
import { type Scanned, Scanner } from './scanner.ts';
import type { Segment } from './segment.ts';

/** What a reader needs of the journal. */
export interface ReadSource {
  readonly first: number;
  /** The index behind the last entry on the disk. */
  readonly next: number;
  readonly recent: Recent;
  readonly readFiles: ReadFiles;
  readonly quarantine: Quarantine;
  /** The segment with this entry, and the one behind it. */
  segmentsAt(index: number): { readonly segment: Segment; readonly behind: Segment | undefined };
  /**
   * Resolves when a group has reached the disk. @throws (rejects) when aborted, and when the journal closes
   */
  grown(signal: AbortSignal): Promise<void>;
}

const MIN_PIECE_BYTES = 262_144;
const MAX_PIECE_BYTES = 8_388_608;

/** What comes next: entries without a gap, or a gap up to an index. */
type Ahead = { readonly entries: JournalEntry[] } | Gap;

interface Gap {
  readonly to: number;
  /** Its entries were on the disk once. Else they were cut off, and never acknowledged. */
  readonly isLost: boolean;
  /** How many records its entries held; undefined: not known here. */
  readonly records: number | undefined;
}

/** How far a segment was read. */
interface Place {
  readonly segment: Segment;
  readonly scanner: Scanner;
  /** The index that comes next, if there is no gap. */
  next: number;
  /** Something damaged stands before it. */
  isBehindDamage: boolean;
}

/**
 * Reads entries in order: the newest from memory, older ones from the disk by big pieces. It counts what it
 * passes over: batches by their indexes; records by the heads of segments, which say how many were written
 * before.
 */
export class Reader implements JournalReader {
  readonly #source: ReadSource;
  #position: number;
  #recordsBefore: number | undefined;
  readonly #missing = { batches: 0, records: 0 };
  /** Read already, not yet handed out. */
  #ahead: Ahead[] = [];
  #place: Place | undefined;
  #busy = false;

  /** @param position beyond the end it becomes the end: such entries were never here, or were cut off */
  constructor(source: ReadSource, position: number, recordsBefore?: number) {
    this.#source = source;
    this.#position = Math.min(Math.max(wholeNumber('position', position, 0), 1), source.next);
    this.#recordsBefore = recordsBefore;
    if (recordsBefore === undefined) this.#readHead(source.segmentsAt(this.#position).segment);
  }

  get position(): number {
    return this.#position;
  }

  get recordsBefore(): number | undefined {
    return this.#recordsBefore;
  }

  get missing(): BatchCount {
    return this.#missing;
  }

  async next(maxBytes: number, signal: AbortSignal): Promise<readonly JournalEntry[]> {
    if (this.#busy) throw new Error('a reader takes one call at a time');
    this.#busy = true;
    try {
      for (;;) {
        signal.throwIfAborted();
        const from = this.#position;
        const found = this.#handOut(maxBytes);
        if (this.#position > from) return found;
        if (this.#position >= this.#source.next) await this.#source.grown(signal);
        else await this.#readAhead(maxBytes);
        if (this.#position > from) return [];
      }
    } finally {
      this.#busy = false;
    }
  }

  #handOut(maxBytes: number): readonly JournalEntry[] {
    const source = this.#source;
    const ahead = this.#ahead[0];
    if (ahead !== undefined && !('entries' in ahead)) {
      this.#ahead.shift();
      this.#passOver(ahead);
      return [];
    }
    if (ahead === undefined && this.#position < source.first) {
      this.#passOver({ to: source.first, isLost: true, records: undefined });
      this.#readHead(source.segmentsAt(source.first).segment);
      return [];
    }
    const found = ahead?.entries.splice(0, fitting(ahead.entries, maxBytes));
    if (ahead?.entries.length === 0) this.#ahead.shift();
    const entries = found ?? source.recent.from(this.#position, maxBytes);
    const last = entries.at(-1);
    if (last === undefined) return entries;
    this.#position = last.index + 1;
    this.#addRecords(entries.reduce((sum, { records }) => sum + records, 0));
    return entries;
  }

  #passOver({ to, isLost, records }: Gap): void {
    if (isLost) {
      this.#missing.batches += to - this.#position;
      this.#missing.records += records ?? 0;
      this.#addRecords(records ?? 0);
    }
    this.#position = to;
  }

  #addRecords(records: number): void {
    if (this.#recordsBefore !== undefined) this.#recordsBefore += records;
  }

  /**
   * At the begin of a segment its head says how many records were written before it: what was not read of
   * them is lost.
   */
  #readHead({ head }: Segment): void {
    if (head.firstIndex !== this.#position) return;
    const known = this.#recordsBefore ?? head.recordsBefore;
    this.#missing.records += Math.max(0, head.recordsBefore - known);
    this.#recordsBefore = head.recordsBefore;
  }

  async #readAhead(maxBytes: number): Promise<void> {
    const source = this.#source;
    const { segment, behind } = source.segmentsAt(this.#position);
    this.#readHead(segment);
    const place = this.#placeIn(segment);
    if (place.scanner.offset >= segment.end) {
      const to = behind?.head.firstIndex ?? source.next;
      const isLost = place.isBehindDamage || (behind !== undefined && hasMore(behind, segment));
      if (to > this.#position) this.#passOver({ to, isLost, records: undefined });
      if (behind !== undefined) this.#readHead(behind);
      return;
    }
    const pieceBytes = Math.min(Math.max(maxBytes, MIN_PIECE_BYTES), MAX_PIECE_BYTES);
    try {
      const { end } = segment;
      const scanned = await source.readFiles.with(segment.path, (file) =>
        place.scanner.read(file, end, pieceBytes),
      );
      for (const each of scanned) {
        if (each.kind === 'damage') await source.quarantine.range(segment, each.offset, each.length);
        this.#lookAt(each, place);
      }
    } catch (error) {
      this.#place = undefined;
      if (isMissing(error) && this.#position < source.first) return;
      throw error;
    }
  }

  #lookAt(scanned: Scanned, place: Place): void {
    if (scanned.kind === 'damage' && scanned.entry === undefined) {
      place.isBehindDamage = true;
      return;
    }
    const index = scanned.kind === 'seal' ? scanned.next : scanned.entry!.index;
    if (scanned.kind !== 'seal') {
      place.segment.count(scanned.offset, scanned.entry!, scanned.length - FRAME_BYTES);
    }
    if (index > place.next) this.#ahead.push({ to: index, isLost: place.isBehindDamage, records: undefined });
    place.isBehindDamage = false;
    place.next = Math.max(place.next, index);
    if (scanned.kind === 'seal' || index < place.next) return;
    place.next = index + 1;
    if (scanned.kind === 'damage') {
      this.#ahead.push({ to: index + 1, isLost: true, records: scanned.entry!.records });
      return;
    }
    const run = this.#ahead.at(-1);
    if (run !== undefined && 'entries' in run) run.entries.push(scanned.entry);
    else this.#ahead.push({ entries: [scanned.entry] });
  }

  #placeIn(segment: Segment): Place {
    if (this.#place?.segment === segment && this.#place.next === this.#position) return this.#place;
    const scanner = new Scanner(segment.head.mark, segment.offsetFor(this.#position));
    this.#place = { segment, scanner, next: this.#position, isBehindDamage: false };
    return this.#place;
  }
}

/** Whether more was written before a segment than was read of those before it. */
function hasMore({ head }: Segment, { counted }: Segment): boolean {
  return head.bytesBefore > counted.bytes || head.recordsBefore > counted.records;
}

function fitting(entries: readonly JournalEntry[], maxBytes: number): number {
  let bytes = 0;
  for (const [count, { body }] of entries.entries()) {
    bytes += body.length;
    if (count > 0 && bytes > maxBytes) return count;
  }
  return entries.length;
}

/** Wakes readers that wait for the journal to grow, and calls listeners whenever it does. */
export class Growth {
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Set<(error?: Error) => void>();
  #isScheduled = false;
  #closed: Error | undefined;

  /** Resolves at the next growth. @throws (rejects) with the signal's reason, or when closed */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#closed);
      const wake = (error?: Error) => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', abort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const abort = () => {
        this.#waiting.delete(wake);
        reject(signal.reason);
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** @returns ends that */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** In the next turn: senders get their answers before the sinks begin with what was sent. */
  grew(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    armImmediate(() => {
      this.#isScheduled = false;
      for (const listener of this.#listeners) listener();
      for (const wake of [...this.#waiting]) wake();
    });
  }

  close(error: Error): void {
    this.#closed = error;
    for (const wake of [...this.#waiting]) wake(error);
  }
}
