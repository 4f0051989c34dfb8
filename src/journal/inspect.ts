import { join } from 'node:path';
import { type Files, nodeFiles, type OpenFile } from './files.ts';
import { decodeHead, framesBegin, HEAD_BYTES, type Head, PRODUCER_BYTES } from './head.ts';
import { firstIndexOf, isDamaged } from './names.ts';
import { Producers } from './producers.ts';
import { Scanner } from './scanner.ts';

const PIECE_BYTES = 4_194_304;

/** A range that does not check out. At the end of the last segment it may be a write that was not finished. */
export interface InspectedDamage {
  readonly offset: number;
  readonly bytes: number;
}

export interface InspectedSegment {
  readonly name: string;
  readonly bytes: number;
  /** `damaged`: both copies of its head are, nothing of it can be read. `newer`: a newer format version. */
  readonly state: 'readable' | 'damaged' | 'newer';
  /** Index of its first entry, and the one behind its last. */
  readonly first: number;
  readonly next: number;
  readonly entries: number;
  readonly records: number;
  /** Of bodies. */
  readonly bodyBytes: number;
  /** Whether it ends with a seal: the daemon stopped cleanly. */
  readonly sealed: boolean;
  readonly createdMillis: number | undefined;
  /** Whether the table of producers at its head is whole. */
  readonly tableWhole: boolean;
  readonly damage: readonly InspectedDamage[];
}

/** What is in a journal's directory. */
export interface Inspection {
  /** The journal's id in hexadecimal digits, or undefined if there is none yet. */
  readonly id: string | undefined;
  readonly first: number;
  readonly next: number;
  readonly entries: number;
  readonly segments: readonly InspectedSegment[];
  /** Of the last segment, brought up to its end. */
  readonly producers: readonly { readonly producer: string; readonly last: number }[];
  /** Names of files in which damaged ranges were kept. */
  readonly damagedFiles: readonly string[];
}

/** Reads every frame of every segment. Changes nothing. */
export async function inspect(directory: string, files: Files = nodeFiles): Promise<Inspection> {
  const names = [...(await files.list(directory))].sort();
  const segments: InspectedSegment[] = [];
  let producers = new Producers(Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY);
  let id: string | undefined;
  for (const name of names.filter((each) => firstIndexOf(each) !== undefined)) {
    const found = await inspectSegment(files, directory, name);
    segments.push(found.segment);
    if (found.head === undefined) continue;
    id = found.head.id.toString('hex');
    producers = found.producers;
  }
  const { first = 1 } = segments[0] ?? {};
  return {
    id,
    first,
    next: segments.at(-1)?.next ?? 1,
    entries: segments.reduce((sum, { entries }) => sum + entries, 0),
    segments,
    producers: producers.list(),
    damagedFiles: names.filter(isDamaged),
  };
}

interface Found {
  readonly segment: InspectedSegment;
  readonly head: Head | undefined;
  readonly producers: Producers;
}

async function inspectSegment(files: Files, directory: string, name: string): Promise<Found> {
  const file = await files.openToRead(join(directory, name));
  try {
    const bytes = await file.size();
    const piece = Buffer.alloc(Math.min(HEAD_BYTES, bytes));
    await file.read(piece, piece.length, 0);
    const found = decodeHead(piece);
    const producers = new Producers(Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY);
    if (found.kind === 'head') {
      const segment = await inspectFrames(file, name, bytes, found.head, producers);
      return { segment, head: found.head, producers };
    }
    const first = firstIndexOf(name)!;
    const segment: InspectedSegment = {
      name,
      bytes,
      state: found.kind,
      first,
      next: first,
      entries: 0,
      records: 0,
      bodyBytes: 0,
      sealed: false,
      createdMillis: undefined,
      tableWhole: false,
      damage: [],
    };
    return { segment, head: undefined, producers };
  } finally {
    await file.close();
  }
}

async function inspectFrames(
  file: OpenFile,
  name: string,
  bytes: number,
  head: Head,
  producers: Producers,
): Promise<InspectedSegment> {
  const begin = framesBegin(head.producers);
  const table = Buffer.alloc(Math.max(0, Math.min(begin, bytes) - HEAD_BYTES));
  await file.read(table, table.length, HEAD_BYTES);
  const tableWhole = table.length === head.producers * PRODUCER_BYTES && producers.load(table, head.tableCrc);
  const scanner = new Scanner(head.mark, begin);
  const damage: InspectedDamage[] = [];
  let next = head.firstIndex;
  let entries = 0;
  let records = 0;
  let bodyBytes = 0;
  let sealed = false;
  for (;;) {
    const found = await scanner.read(file, bytes, PIECE_BYTES);
    if (found.length === 0) break;
    for (const each of found) {
      sealed = each.kind === 'seal';
      if (each.kind === 'damage') damage.push({ offset: each.offset, bytes: each.length });
      if (each.kind !== 'entry') continue;
      const { index, origin, body } = each.entry;
      next = index + 1;
      entries += 1;
      records += each.entry.records;
      bodyBytes += body.length;
      if (origin !== undefined) producers.landed(origin, each.entry.receivedMillis);
    }
  }
  return {
    name,
    bytes,
    state: 'readable',
    first: head.firstIndex,
    next,
    entries,
    records,
    bodyBytes,
    sealed,
    createdMillis: head.createdMillis,
    tableWhole,
    damage,
  };
}
