import type { EntryView, JournalEntry, JournalReader, JournalView } from '../component/index.ts';
import { JsonLines, type LogGroup, logGroups } from '../otlp/index.ts';
import type { Condition } from '../ottl/index.ts';
import type { LineStream } from './line-stream.ts';

/** A client with more waiting data than this misses records. */
const MAX_WAITING_BYTES = 1_048_576;
/** If the tap is further behind the journal than this, it skips the entries in between. */
const MAX_BEHIND_BYTES = 33_554_432;
const READ_BYTES = 1_048_576;
const HEARTBEAT_MILLIS = 15_000;
const MAX_CLIENTS = 32;

/** A client that follows the journal. */
interface Follower {
  readonly out: LineStream;
  readonly condition: Condition | undefined;
  /** The next entry to send. */
  next: number;
  missed: number;
}

/**
 * Sends clients the records as they enter the journal. Each entry is decoded once for all clients. Nothing
 * waits for a client: a slow client misses records, and a slow tap skips entries. Both are counted at their
 * position in the stream. Without clients nothing is read.
 */
export class LiveTap {
  readonly #journal: JournalView;
  readonly #viewNow: () => EntryView | undefined;
  readonly #json = new JsonLines();
  readonly #followers = new Set<Follower>();
  readonly #closing = new AbortController();
  #count = 0;
  /** Reads the entries for all followers; undefined if nothing is read. */
  #reader: JournalReader | undefined;
  /** Entries before this one were sent to the followers. */
  #sentTo = 0;
  #wake = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** @param viewNow the view of entries for clients; undefined: all records */
  constructor(journal: JournalView, viewNow: () => EntryView | undefined = () => undefined) {
    this.#journal = journal;
    this.#viewNow = viewNow;
  }

  /** Whether no further clients are accepted. */
  get isFull(): boolean {
    return this.#count >= MAX_CLIENTS;
  }

  /** The index of the next entry to be written. */
  get end(): number {
    return this.#journal.next;
  }

  /** Returns the position of a store in this journal, or the end if it belongs to another journal. */
  placeOf({ journal, next }: { readonly journal: string; readonly next: number }): number {
    return this.#journal.continues(journal) ? Math.min(next, this.#journal.next) : this.#journal.next;
  }

  /**
   * Sends records from an entry on, until the client or the tap is closed. Must not be called if the tap is
   * full.
   */
  async follow(out: LineStream, condition: Condition | undefined, from: number): Promise<void> {
    const follower = { out, condition, next: from, missed: 0 };
    const heartbeat = setInterval(() => void out.writeInfo({ heartbeat: true }), HEARTBEAT_MILLIS).unref();
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

  /**
   * Reads for this client alone, as fast as it receives, until it reaches the other followers. Then it joins
   * them.
   */
  async #catchUp(follower: Follower, signal: AbortSignal): Promise<void> {
    let missing = 0;
    let reader = this.#journal.reader(follower.next);
    while (!signal.aborted) {
      follower.next = reader.position;
      const isThere = follower.next >= (this.#reader === undefined ? this.#journal.next : this.#sentTo);
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
        else this.#send(follower, groups);
        if (follower.out.waitingBytes > MAX_WAITING_BYTES / 2) await follower.out.write('');
      }
      if (reader.position < follower.next) reader = this.#journal.reader(follower.next);
      await turn();
    }
  }

  /** Starts reading, if nothing is read yet. */
  #run(): void {
    if (this.#reader !== undefined) return;
    const from = Math.min(...[...this.#followers].map(({ next }) => next));
    this.#reader = this.#journal.reader(from);
    this.#sentTo = from;
    this.#wake = new AbortController();
    this.#running = this.#read(this.#wake.signal).finally(() => {
      this.#reader = undefined;
      // A follower joined while the reading ended.
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
          else this.#send(follower, groups);
        }
        this.#sentTo = entry.index + 1;
        if (entry.body.length > 65_536) await turn();
      }
      this.#sentTo = reader.position;
      this.#skipBacklog(reader.position);
      // Yields to writers of the journal.
      await turn();
    }
  }

  /** Returns the visible part of an entry; undefined if it cannot be determined, so that nothing is shown. */
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

  /** Skips to the end of the journal if it is too far behind. */
  #skipBacklog(position: number): void {
    const { bytes, records } = this.#journal.behind(position);
    if (bytes <= MAX_BEHIND_BYTES) return;
    this.#miss(records);
    this.#reader = this.#journal.reader(this.#journal.next);
    this.#sentTo = this.#reader.position;
  }

  #miss(records: number): void {
    if (records > 0) for (const follower of this.#followers) follower.missed += records;
  }

  #send(follower: Follower, groups: readonly LogGroup[]): void {
    const { out, condition } = follower;
    const fitting = condition === undefined ? groups : groups.flatMap((group) => fittingOf(group, condition));
    if (fitting.length === 0 && follower.missed === 0) return;
    if (out.waitingBytes > MAX_WAITING_BYTES) {
      for (const { records } of fitting) follower.missed += records.length;
      return;
    }
    if (follower.missed > 0) void out.writeInfo({ missed: follower.missed });
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

/** Returns nothing for an unreadable entry, which the sinks handle. */
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
