import type { JournalView } from '../../component/index.ts';
import { Severity } from '../../record/index.ts';
import { CursorFile, type StoredCursor, type UnfinishedRun } from './cursor-file.ts';

/** The position of a sink in the journal. */
export interface Place {
  /** The first entry that the sink has not written. */
  readonly position: number;
  /** How many records were written to the journal before it, in total; undefined if unknown. */
  readonly records: number | undefined;
}

/** Where a sink starts, with a message for the operator. */
interface StartingPlace extends Place {
  readonly state: unknown;
  readonly note?: Note;
}

interface Note {
  readonly severity: number;
  readonly message: string;
}

/** The progress of a sink, in memory and in its cursor file. Values change only after they are on disk. */
export class Progress {
  readonly #journal: JournalView;
  readonly #journalId: string;
  readonly #cursor: CursorFile;
  readonly #start: 'oldest' | 'now';
  #place: Place = { position: 1, records: undefined };
  #state: unknown;
  #run: UnfinishedRun | undefined;

  /** @param start where a sink without a cursor starts */
  constructor(journal: JournalView, cursorFile: string, start: 'oldest' | 'now') {
    this.#start = start;
    this.#journal = journal;
    this.#journalId = Buffer.from(journal.id).toString('hex');
    this.#cursor = new CursorFile(cursorFile);
  }

  get place(): Place {
    return this.#place;
  }

  /** The first entry that the sink has not written. */
  get position(): number {
    return this.#place.position;
  }

  /** The state that the sink's last `write` returned. */
  get state(): unknown {
    return this.#state;
  }

  /**
   * Reads the cursor.
   * @returns a message for the operator, and the previous run if it did not end cleanly
   * @throws if the cursor cannot be opened or was written by another version
   */
  async load(): Promise<{ readonly note: Note | undefined; readonly unfinished: UnfinishedRun | undefined }> {
    const found = await this.#cursor.open();
    const { position, records, state, note } = startingPlace(this.#journal, found, this.#start);
    this.#place = { position, records };
    this.#state = state;
    const isSamePlace = found.cursor?.position === position;
    return { note, unfinished: isSamePlace ? found.cursor?.run : undefined };
  }

  /**
   * Moves the position.
   * @param run the note about this run; a note about entries that are being tried is kept until the position
   * is after them
   * @throws if it cannot be stored; then nothing has changed
   */
  async moveTo(place: Place, state: unknown, run: UnfinishedRun): Promise<void> {
    const trying = this.#run?.tryingTo;
    const isOver = trying === undefined || place.position >= trying;
    await this.#store(place, state, isOver ? run : this.#run);
  }

  /** Stores a note about this run, in case it does not end cleanly. @throws if it cannot be stored */
  async note(run: UnfinishedRun): Promise<void> {
    await this.#store(this.#place, this.#state, run);
  }

  /** Stores that this run ended cleanly, and closes the file. @throws if that cannot be stored */
  async end(): Promise<void> {
    try {
      if (this.#run !== undefined) await this.#store(this.#place, this.#state, undefined);
    } finally {
      await this.#cursor.close();
    }
  }

  async #store(place: Place, state: unknown, run: UnfinishedRun | undefined): Promise<void> {
    await this.#cursor.store({ journal: this.#journalId, ...place, state, run });
    this.#place = place;
    this.#state = state;
    this.#run = run;
  }
}

/**
 * Where a sink starts: at its cursor if that belongs to this journal, otherwise at the journal's first entry.
 * In the second case the old state is dropped: what lies beyond it cannot be written again, so the sink must
 * not undo it.
 */
function startingPlace(
  journal: JournalView,
  { cursor, damaged }: { readonly cursor: StoredCursor | undefined; readonly damaged: boolean },
  start: 'oldest' | 'now',
): StartingPlace {
  const { first, next } = journal;
  const atFirst = (severity: number, what: string): StartingPlace => ({
    position: first,
    records: undefined,
    state: undefined,
    note: { severity, message: `${what}; the sink starts at the journal's entry ${first}` },
  });
  if (damaged) return atFirst(Severity.ERROR, 'the cursor is damaged');
  if (cursor === undefined) return withoutCursor(journal, start);
  if (!journal.continues(cursor.journal))
    return atFirst(Severity.WARN, 'the cursor belongs to another journal');
  const { position, records, state } = cursor;
  if (position <= next) return { position, records, state };
  const message = `the sink has written up to entry ${position - 1}, but the journal ends at ${next - 1}; it continues there`;
  return { position: next, records: undefined, state, note: { severity: Severity.ERROR, message } };
}

function withoutCursor(journal: JournalView, start: 'oldest' | 'now'): StartingPlace {
  const { first, next } = journal;
  const place = { position: start === 'now' ? next : first, records: undefined, state: undefined };
  const { batches, records } = journal.behind(first);
  if (batches === 0) return place;
  const what = `${batches} batches with ${records} records`;
  const message =
    start === 'now'
      ? `no position yet, starting now (start: now); ${what} in the journal will not be written`
      : `no position yet, starting at the oldest entry, ${first}, with ${what} (start: oldest)`;
  return { ...place, note: { severity: Severity.INFO, message } };
}
