import type { JournalEntry, Origin } from '../component/index.ts';
import type { OpenFile } from './files.ts';
import { FRAME_BYTES } from './frame.ts';
import type { Quarantine } from './quarantine.ts';
import { type Scanned, Scanner } from './scanner.ts';
import type { Segment } from './segment.ts';

/** Called for each entry that is kept, in order. */
export type Committed = (origin: Origin | undefined, receivedMillis: number) => void;

/** The content of the last segment. */
export interface Replayed {
  /** The size of the file. */
  readonly end: number;
  /** The file must be truncated here; `end` if everything is valid. */
  readonly cutAt: number;
  /** Where the last group begins; 0 if there is none, so that the header is not verified. */
  readonly lastGroup: number;
  /**
   * The index after the highest one that was seen, including truncated entries: it may have been returned
   * already.
   */
  readonly seenNext: number;
}

const PIECE_BYTES = 4_194_304;

/** An entry that is kept, or one whose body is damaged. */
interface Kept {
  readonly offset: number;
  readonly length: number;
  readonly entry: JournalEntry;
  readonly isDamaged: boolean;
}

type Damage = Extract<Scanned, { kind: 'damage' }>;

/**
 * Reads all frames of a segment, one group at a time. A group is kept when the next one begins; of the last
 * group only the frames before the first damage are kept.
 */
export async function replay(
  file: OpenFile,
  segment: Segment,
  quarantine: Quarantine | undefined,
  committed: Committed,
): Promise<Replayed> {
  const end = await file.size();
  const scanner = new Scanner(segment.head.mark, segment.begin);
  let lastGroup = 0;
  let seenNext = segment.head.firstIndex;
  let group: Kept[] = [];
  /** Damage since the beginning of the last group, until it is known whether another group follows. */
  let damage: Damage[] = [];

  const keep = (upTo: number) => {
    for (const { offset, length, entry, isDamaged } of group) {
      if (offset >= upTo) continue;
      segment.count(offset, entry, length - FRAME_BYTES);
      if (!isDamaged) committed(entry.origin, entry.receivedMillis);
    }
    group = [];
  };

  for (;;) {
    const found = await scanner.read(file, end, PIECE_BYTES);
    if (found.length === 0) break;
    for (const each of found) {
      if (each.kind === 'damage') {
        damage.push(each);
        if (each.entry === undefined) continue;
        seenNext = Math.max(seenNext, each.entry.index + 1);
        group.push({ ...each, entry: each.entry, isDamaged: true });
        continue;
      }
      seenNext = Math.max(seenNext, each.kind === 'entry' ? each.entry.index + 1 : each.next);
      if (each.group > lastGroup) {
        keep(Number.POSITIVE_INFINITY);
        lastGroup = each.group;
        // Ranges that end before this group were on disk once. A range across its beginning stays undecided.
        for (const { offset, length } of damage.filter(endsBy(lastGroup))) {
          await quarantine?.range(segment, offset, length);
        }
        damage = damage.filter((range) => !endsBy(lastGroup)(range));
      }
      if (each.kind === 'entry') group.push({ ...each, isDamaged: false });
    }
  }
  const first = damage[0];
  if (first !== undefined && first.offset < lastGroup) {
    await quarantine?.range(segment, first.offset, lastGroup - first.offset);
  }
  const cutAt = first === undefined ? end : Math.max(first.offset, lastGroup);
  keep(cutAt);
  return { end, cutAt, lastGroup, seenNext };
}

function endsBy(place: number): (range: Damage) => boolean {
  return ({ offset, length }) => offset + length <= place;
}
