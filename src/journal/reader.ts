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

/** The parts of the journal that a reader uses. */
export interface ReadSource {
  readonly first: number;
  /** The index after the last entry on disk. */
  readonly next: number;
  readonly recent: Recent;
  readonly readFiles: ReadFiles;
  readonly quarantine: Quarantine;
  /** The segment with this entry, and the one after it. */
  segmentsAt(index: number): { readonly segment: Segment; readonly following: Segment | undefined };
  /** Resolves when the next group is on disk. @throws (rejects) when aborted, and when the journal closes */
  grown(signal: AbortSignal): Promise<void>;
}

const MIN_PIECE_BYTES = 262_144;
const MAX_PIECE_BYTES = 8_388_608;

/** What comes next: entries without a gap, or a gap up to an index. */
type Ahead = { readonly entries: JournalEntry[] } | Gap;

interface Gap {
  readonly to: number;
  /** The entries of the gap were on disk once. If false, they were truncated and never acknowledged. */
  readonly isLost: boolean;
  /** How many records the entries held; undefined: unknown. */
  readonly records: number | undefined;
}

/** The position of a reader in a segment. */
interface Place {
  readonly segment: Segment;
  readonly scanner: Scanner;
  /** The next index, if there is no gap. */
  next: number;
  /** Whether damage precedes the current position. */
  isAfterDamage: boolean;
}

/**
 * Reads entries in order: the newest from memory, older ones from disk in large chunks. It counts what it
 * skips: batches by their indexes; records by the segment headers, which contain how many were written
 * before.
 */
export class Reader implements JournalReader {
  readonly #source: ReadSource;
  #position: number;
  #recordsBefore: number | undefined;
  readonly #missing = { batches: 0, records: 0 };
  /** Read from disk, but not returned yet. */
  #ahead: Ahead[] = [];
  #place: Place | undefined;
  #busy = false;

  /**
   * @param position a position beyond the end becomes the end: such entries never existed or were truncated
   */
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
    if (this.#busy) throw new Error('a reader does not allow concurrent calls');
    this.#busy = true;
    try {
      for (;;) {
        signal.throwIfAborted();
        const from = this.#position;
        const found = this.#takeReady(maxBytes);
        if (this.#position > from) return found;
        if (this.#position >= this.#source.next) await this.#source.grown(signal);
        else await this.#readAhead(maxBytes);
        if (this.#position > from) return [];
      }
    } finally {
      this.#busy = false;
    }
  }

  #takeReady(maxBytes: number): readonly JournalEntry[] {
    const source = this.#source;
    const ahead = this.#ahead[0];
    if (ahead !== undefined && !('entries' in ahead)) {
      this.#ahead.shift();
      this.#skip(ahead);
      return [];
    }
    if (ahead === undefined && this.#position < source.first) {
      this.#skip({ to: source.first, isLost: true, records: undefined });
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

  #skip({ to, isLost, records }: Gap): void {
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
   * At the beginning of a segment, its header contains how many records were written before it. Those that
   * were not read are lost.
   */
  #readHead({ head }: Segment): void {
    if (head.firstIndex !== this.#position) return;
    const known = this.#recordsBefore ?? head.recordsBefore;
    this.#missing.records += Math.max(0, head.recordsBefore - known);
    this.#recordsBefore = head.recordsBefore;
  }

  async #readAhead(maxBytes: number): Promise<void> {
    const source = this.#source;
    const { segment, following } = source.segmentsAt(this.#position);
    this.#readHead(segment);
    const place = this.#placeIn(segment);
    if (place.scanner.offset >= segment.end) {
      const to = following?.head.firstIndex ?? source.next;
      const isLost = place.isAfterDamage || (following !== undefined && hasMore(following, segment));
      if (to > this.#position) this.#skip({ to, isLost, records: undefined });
      if (following !== undefined) this.#readHead(following);
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
        this.#process(each, place);
      }
    } catch (error) {
      this.#place = undefined;
      if (isMissing(error) && this.#position < source.first) return;
      throw error;
    }
  }

  #process(scanned: Scanned, place: Place): void {
    if (scanned.kind === 'damage' && scanned.entry === undefined) {
      place.isAfterDamage = true;
      return;
    }
    const index = scanned.kind === 'seal' ? scanned.next : scanned.entry!.index;
    if (scanned.kind !== 'seal') {
      place.segment.count(scanned.offset, scanned.entry!, scanned.length - FRAME_BYTES);
    }
    if (index > place.next) this.#ahead.push({ to: index, isLost: place.isAfterDamage, records: undefined });
    place.isAfterDamage = false;
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
    this.#place = { segment, scanner, next: this.#position, isAfterDamage: false };
    return this.#place;
  }
}

/** Whether more was written before a segment than was read of the preceding ones. */
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

/** Wakes readers that wait for new entries, and calls listeners when there are new entries. */
export class Growth {
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Set<(error?: Error) => void>();
  #isScheduled = false;
  #closed: Error | undefined;

  /** Resolves when there are new entries. @throws (rejects) with the signal's reason, or when closed */
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

  /** @returns a function that removes the listener */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Runs in the next turn of the event loop, so that senders get their replies before the sinks start. */
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
