import type { EntryView, JournalEntry, JournalReader, JournalView } from '../component/index.ts';
import { JsonLines, type LogGroup, logGroups } from '../otlp/index.ts';
import type { Condition } from '../ottl/index.ts';
import type { LineStream } from './line-stream.ts';

/** A client that has more than this waiting misses records. */
const MAX_WAITING_BYTES = 1_048_576;
/** The tap leaves out what lies between, if it is so far behind the journal. */
const MAX_BEHIND_BYTES = 33_554_432;
const READ_BYTES = 1_048_576;
const HEARTBEAT_MILLIS = 15_000;
const MAX_CLIENTS = 32;

/** One that follows the journal. */
interface Follower {
  readonly out: LineStream;
  readonly condition: Condition | undefined;
  /** Entries before this one were sent. */
  next: number;
  missed: number;
}

/**
 * Shows clients the records as they come into the journal. Each entry is decoded once for all of them. Nothing waits for a
 * client: one that is slow misses records, and a tap that is slow leaves out what it is too far behind. Both are counted,
 * at the place in the stream where it happened. Without clients nothing is read.
 */
export class LiveTap {
  readonly #journal: JournalView;
  readonly #viewNow: () => EntryView | undefined;
  readonly #json = new JsonLines();
  readonly #followers = new Set<Follower>();
  readonly #closing = new AbortController();
  #count = 0;
  /** The entry that followers get next; undefined: nobody reads. */
  #reader: JournalReader | undefined;
  /** Up to here entries were handed to the followers. */
  #handedTo = 0;
  #wake = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** @param viewNow what people may see of entries; undefined: all */
  constructor(journal: JournalView, viewNow: () => EntryView | undefined = () => undefined) {
    this.#journal = journal;
    this.#viewNow = viewNow;
  }

  /** It takes no further client. */
  get isFull(): boolean {
    return this.#count >= MAX_CLIENTS;
  }

  /** The entry that will be written next. */
  get end(): number {
    return this.#journal.next;
  }

  /** Where a store's place in the journal is here; the end if it belongs to another journal. */
  placeOf({ journal, next }: { readonly journal: string; readonly next: number }): number {
    return this.#journal.continues(journal) ? Math.min(next, this.#journal.next) : this.#journal.next;
  }

  /** Writes what comes from an entry on, until the client or the tap is closed. Not to be called if it is full. */
  async follow(out: LineStream, condition: Condition | undefined, from: number): Promise<void> {
    const follower = { out, condition, next: from, missed: 0 };
    const heartbeat = setInterval(() => void out.say({ heartbeat: true }), HEARTBEAT_MILLIS).unref();
    const signal = AbortSignal.any([out.signal, this.#closing.signal]);
    this.#count += 1;
    try {
      out.begin();
      await this.#catchUp(follower, signal);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    } finally {
      clearInterval(heartbeat);
      this.#count -= 1;
      this.#followers.delete(follower);
      if (this.#followers.size === 0) this.#wake.abort();
    }
  }

  /** Ends all streams. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake.abort();
    await this.#running;
  }

  /** Reads by itself, as fast as the client takes it, until it is where the others are. Then it is one of them. */
  async #catchUp(follower: Follower, signal: AbortSignal): Promise<void> {
    let missing = 0;
    let reader = this.#journal.reader(follower.next);
    while (!signal.aborted) {
      follower.next = reader.position;
      const isThere = follower.next >= (this.#reader === undefined ? this.#journal.next : this.#handedTo);
      if (isThere) {
        this.#followers.add(follower);
        this.#run();
        return;
      }
      const entries = await reader.next(READ_BYTES, signal).catch(() => []);
      follower.missed += reader.missing.records - missing;
      missing = reader.missing.records;
      for (const entry of entries) {
        const groups = await this.#groups(entry, signal);
        if (groups === undefined) follower.missed += entry.records;
        else this.#hand(follower, groups);
        if (follower.out.waitingBytes > MAX_WAITING_BYTES / 2) await follower.out.write('');
      }
      if (reader.position < follower.next) reader = this.#journal.reader(follower.next);
      await turn();
    }
  }

  /** Begins to read, if nobody does. */
  #run(): void {
    if (this.#reader !== undefined) return;
    const from = Math.min(...[...this.#followers].map(({ next }) => next));
    this.#reader = this.#journal.reader(from);
    this.#handedTo = from;
    this.#wake = new AbortController();
    this.#running = this.#read(this.#wake.signal).finally(() => {
      this.#reader = undefined;
      // Somebody has come while it ended.
      if (this.#followers.size > 0 && !this.#closing.signal.aborted) this.#run();
    });
  }

  async #read(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#followers.size > 0) {
      const reader = this.#reader!;
      const missing = reader.missing.records;
      const entries = await reader.next(READ_BYTES, signal).catch(() => undefined);
      if (entries === undefined) return;
      this.#miss(reader.missing.records - missing);
      for (const entry of entries) {
        const groups = await this.#groups(entry, signal);
        for (const follower of this.#followers) {
          if (entry.index < follower.next) continue;
          follower.next = entry.index + 1;
          if (groups === undefined) follower.missed += entry.records;
          else this.#hand(follower, groups);
        }
        this.#handedTo = entry.index + 1;
        if (entry.body.length > 65_536) await turn();
      }
      this.#handedTo = reader.position;
      this.#leaveOut(reader.position);
      // Those who write to the journal come first.
      await turn();
    }
  }

  /** What people may see of an entry; undefined: that cannot be found out, so nothing of it is shown. */
  async #groups(entry: JournalEntry, signal: AbortSignal): Promise<readonly LogGroup[] | undefined> {
    const view = this.#viewNow();
    if (view === undefined) return groupsOf(entry);
    try {
      const { entries, rejected = [] } = await view.view([entry], signal, false);
      return rejected.length > 0 ? undefined : entries.flatMap(groupsOf);
    } catch {
      return undefined;
    }
  }

  /** Goes to the end of the journal if it is too far behind. */
  #leaveOut(position: number): void {
    const { bytes, records } = this.#journal.behind(position);
    if (bytes <= MAX_BEHIND_BYTES) return;
    this.#miss(records);
    this.#reader = this.#journal.reader(this.#journal.next);
    this.#handedTo = this.#reader.position;
  }

  #miss(records: number): void {
    if (records > 0) for (const follower of this.#followers) follower.missed += records;
  }

  #hand(follower: Follower, groups: readonly LogGroup[]): void {
    const { out, condition } = follower;
    const fitting = condition === undefined ? groups : groups.flatMap((group) => fittingOf(group, condition));
    if (fitting.length === 0 && follower.missed === 0) return;
    if (out.waitingBytes > MAX_WAITING_BYTES) {
      for (const { records } of fitting) follower.missed += records.length;
      return;
    }
    if (follower.missed > 0) void out.say({ missed: follower.missed });
    follower.missed = 0;
    let text = '';
    for (const piece of this.#json.lines(fitting)) text += piece;
    if (text !== '') void out.write(text);
  }
}

function fittingOf({ resource, scope, records }: LogGroup, { test }: Condition): readonly LogGroup[] {
  const fitting = records.filter((record) => test(record, scope, resource) === true);
  return fitting.length === 0 ? [] : [{ resource, scope, records: fitting }];
}

/** An entry that cannot be read is dealt with by the sinks. */
function groupsOf({ body }: JournalEntry): readonly LogGroup[] {
  try {
    return [...logGroups(body)];
  } catch {
    return [];
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
