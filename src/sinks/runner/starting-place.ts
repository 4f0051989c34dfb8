import type { JournalView } from '../../component/index.ts';
import { Severity } from '../../record/index.ts';
import type { StoredCursor } from './cursor-file.ts';

/** Where a sink begins, and what the operator should know about it. */
export interface StartingPlace {
  readonly position: number;
  readonly state: unknown;
  readonly note?: { readonly severity: number; readonly message: string };
}

/**
 * Where a sink begins: at its cursor if that belongs to this journal, else at the journal's first entry. Then without its
 * old state too: what lies beyond that cannot be written again, so the sink must not undo it.
 */
export function startingPlace(
  journal: JournalView,
  journalId: string,
  { cursor, damaged }: { readonly cursor: StoredCursor | undefined; readonly damaged: boolean },
): StartingPlace {
  const { first, next } = journal;
  const atFirst = (severity: number, what: string): StartingPlace => ({
    position: first,
    state: undefined,
    note: { severity, message: `${what}; it begins at the journal's entry ${first}` },
  });
  if (damaged) return atFirst(Severity.ERROR, 'its cursor cannot be read');
  if (cursor === undefined) return { position: first, state: undefined };
  if (cursor.journal !== journalId) return atFirst(Severity.WARN, 'its cursor belongs to another journal');
  if (cursor.position <= next) return { position: cursor.position, state: cursor.state };
  const message = `it has written up to entry ${cursor.position - 1}, but the journal ends at ${next - 1}; it goes on there`;
  return { position: next, state: cursor.state, note: { severity: Severity.ERROR, message } };
}
