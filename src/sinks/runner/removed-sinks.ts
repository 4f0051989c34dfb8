import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatchCount, JournalView, OwnLog, SinkStats } from '../../component/index.ts';
import { problemText, Severity } from '../../record/index.ts';
import { CursorFile } from './cursor-file.ts';

const SUFFIX = '.cursor';

/** The path of a sink's cursor. @param directory the directory of all cursors */
export function cursorFileOf(directory: string, sink: string): string {
  return join(directory, `${encodeURIComponent(sink)}${SUFFIX}`);
}

/** The sinks that have a cursor in this directory. Empty if the directory does not exist. */
export async function sinksWithCursor(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.map(sinkOf).filter((sink) => sink !== undefined);
}

/** @returns undefined if the file is not a cursor of a sink */
function sinkOf(file: string): string | undefined {
  if (!file.endsWith(SUFFIX)) return undefined;
  try {
    const sink = decodeURIComponent(file.slice(0, -SUFFIX.length));
    return cursorFileOf('', sink) === file ? sink : undefined;
  } catch {
    return undefined;
  }
}

export interface RemovedSinksOptions {
  readonly journal: JournalView;
  /** The directory of the cursors. */
  readonly directory: string;
  /** A larger backlog is released, in bytes of the journal. */
  readonly maxBytes: number;
  readonly log: OwnLog;
}

interface Removed {
  readonly name: string;
  readonly position: number;
  /** The index after the last entry that was written to the journal before the sink was removed. */
  readonly to: number;
  isReleased: boolean;
  lost: BatchCount;
}

/**
 * The sinks that have a cursor but are not in the configuration: removed, renamed or misspelled. Entries that
 * they have not written are kept in the journal until the sink is configured again, its cursor file is
 * removed (`distlogd release`), or the backlog exceeds its limit; then they are counted as lost.
 */
export class RemovedSinks {
  readonly #options: RemovedSinksOptions;
  #removed: readonly Removed[] = [];

  constructor(options: RemovedSinksOptions) {
    this.#options = options;
  }

  /** Entries before this index are not needed by any of these sinks. */
  get position(): number {
    const kept = this.#removed.filter(({ isReleased }) => !isReleased);
    return Math.min(Number.POSITIVE_INFINITY, ...kept.map(({ position }) => position));
  }

  /**
   * Finds the cursors without a sink. Must be called when `sinks` are running and the previous ones are not.
   */
  async take(sinks: ReadonlySet<string>): Promise<void> {
    const before = this.#removed.filter(({ name, isReleased }) => isReleased && !sinks.has(name));
    const found: Removed[] = [];
    for (const name of await sinksWithCursor(this.#options.directory)) {
      if (sinks.has(name)) continue;
      const removed = await this.#removedSink(name);
      if (removed !== undefined) found.push(removed);
    }
    this.#removed = [...before, ...found];
  }

  /** Releases backlogs whose cursor was removed or that exceed the limit. Must be called once a second. */
  async check(): Promise<void> {
    const kept = this.#removed.filter(({ isReleased }) => !isReleased);
    if (kept.length === 0) return;
    const { directory, maxBytes } = this.#options;
    const names = new Set(await sinksWithCursor(directory));
    for (const each of kept) {
      if (!names.has(each.name)) this.#release(each, 'released by the operator');
      else if (this.#behind(each).bytes > maxBytes) {
        // `distlogd release` may remove the file at the same time.
        await rm(cursorFileOf(directory, each.name), { force: true });
        this.#release(each, 'it exceeds half of journal.maxBytes');
      }
    }
  }

  stats(): readonly SinkStats[] {
    return this.#removed.map((each) => ({
      name: each.name,
      condition: 'removed',
      written: { batches: 0, records: 0, bytes: 0 },
      behind: each.isReleased ? { batches: 0, records: 0, bytes: 0, ageMillis: 0 } : this.#behind(each),
      retries: 0,
      rejected: {},
      deadLetters: { batches: 0, records: 0 },
      damagedLetterBytes: 0,
      filtered: {},
      redacted: {},
      dropped: { released: { ...each.lost } },
      blocking: false,
      own: {},
    }));
  }

  async #removedSink(name: string): Promise<Removed | undefined> {
    const { journal, directory } = this.#options;
    const file = new CursorFile(cursorFileOf(directory, name));
    try {
      const { cursor } = await file.open();
      if (cursor === undefined || !journal.continues(cursor.journal)) return undefined;
      const to = cursor.removedAt ?? journal.next;
      const removed = {
        name,
        position: cursor.position,
        to,
        isReleased: false,
        lost: { batches: 0, records: 0 },
      };
      // Also stored for a sink that has written everything: later entries must not count as its backlog after
      // a restart.
      if (cursor.removedAt === undefined) await file.store({ ...cursor, removedAt: to });
      if (cursor.position >= to) return undefined;
      const { batches, records } = this.#behind(removed);
      this.#log(
        Severity.WARN,
        name,
        `not in the configuration; ${batches} batches with ${records} records that it has not written stay in ` +
          `the journal until it is configured again or \`distlogd release ${name}\` is run`,
      );
      return removed;
    } catch (error) {
      this.#log(
        Severity.WARN,
        name,
        `not in the configuration, and its cursor cannot be read: ${problemText(error)}`,
      );
      return undefined;
    } finally {
      await file.close();
    }
  }

  #behind({ position, to }: Removed) {
    const { journal } = this.#options;
    const [from, end] = [journal.behind(position), journal.behind(to)];
    return {
      batches: from.batches - end.batches,
      records: from.records - end.records,
      bytes: from.bytes - end.bytes,
      ageMillis: from.ageMillis,
    };
  }

  #release(removed: Removed, why: string): void {
    const { batches, records } = this.#behind(removed);
    removed.lost = { batches, records };
    removed.isReleased = true;
    this.#log(
      Severity.WARN,
      removed.name,
      `the backlog is discarded: ${why}; ${batches} batches with ${records} records`,
    );
  }

  #log(severity: number, name: string, message: string): void {
    this.#options.log.emit(severity, `sink ${name}: ${message}`, { 'distlogd.sink': name });
  }
}
