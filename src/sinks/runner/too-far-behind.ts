import type { Behind, JournalView } from '../../component/index.ts';

export interface BehindBounds {
  readonly maxBehindBytes: number;
  readonly maxBehindMillis: number;
}

/** Which bound is passed; undefined: none. */
export function passedBound(
  behind: Behind,
  { maxBehindBytes, maxBehindMillis }: BehindBounds,
): 'behind_bytes' | 'behind_age' | undefined {
  if (behind.bytes > maxBehindBytes) return 'behind_bytes';
  return behind.batches > 0 && behind.ageMillis > maxBehindMillis ? 'behind_age' : undefined;
}

/** The first position from which on nothing passes the bounds, by halving: about 20 questions to the journal. */
export function withinBounds(journal: JournalView, position: number, bounds: BehindBounds): number {
  let tooEarly = position;
  let within = journal.next;
  while (within - tooEarly > 1) {
    const middle = tooEarly + Math.floor((within - tooEarly) / 2);
    if (passedBound(journal.behind(middle), bounds) === undefined) within = middle;
    else tooEarly = middle;
  }
  return within;
}
