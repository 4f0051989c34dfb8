import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import {
  damagedName,
  type Files,
  firstIndexOf,
  isDamaged,
  isMissing,
  isUnfinished,
  type OpenDirectory,
  type OpenFile,
  segmentName,
  writeAll,
} from './files.ts';
import { FRAME_BYTES } from './frame.ts';
import { Manifest, type ManifestContent } from './manifest.ts';
import type { Settings } from './options.ts';
import { JournalTime, Producers } from './producers.ts';
import { Quarantine } from './quarantine.ts';
import { type Committed, replay } from './replay.ts';
import { Segment } from './segment.ts';
import { decodeHead, HEAD_BYTES, type Head, PRODUCER_BYTES } from './segment-header.ts';

/** The state of a journal on disk when it is opened. */
export interface Recovered {
  readonly id: Buffer;
  /** Oldest first. The last one is the active segment, unless `active` is undefined. */
  readonly segments: Segment[];
  /** Undefined: a new segment must be created before anything is written. */
  readonly active: OpenFile | undefined;
  readonly next: number;
  readonly producers: Producers;
  readonly time: JournalTime;
  readonly quarantine: Quarantine;
  /** The open directory of the journal. */
  readonly handle: OpenDirectory;
  readonly manifest: Manifest;
  /** Former ids of the journal, with the same indexes. */
  readonly formerIds: readonly string[];
  /** The minimum number of records written before the next segment. */
  readonly recordsBefore: number;
}

interface Found {
  readonly name: string;
  readonly bytes: number;
  readonly head: Head | undefined;
}

const PIECE_BYTES = 1_048_576;

/**
 * Recovers the state of a journal: reads the headers of all segments and the entries of the last one.
 *
 * **The last group** begins at the highest offset that any valid frame of the last segment contains as its
 * group. A group is written only after the previous group is on disk, and a segment is created only after all
 * groups of the previous one are. Therefore everything before the last group was on disk once: damage there
 * came later, and that range is quarantined. Corruption in the last group may be a torn write: everything
 * from the first such byte is truncated. A seal (clean shutdown) is a group too, and therefore verifies
 * everything.
 *
 * The last group is then rewritten in place and synced: after a failed sync, the operating system may
 * consider pages as written that the disk never got.
 *
 * @throws for a newer format version, before anything is changed
 */
export async function recover(settings: Settings): Promise<Recovered> {
  const { directory, files } = settings;
  const names = await listOrCreate(files, directory);
  const handle = await files.openDirectory(directory);
  try {
    return await recoverFrom(settings, names, handle);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function recoverFrom(
  settings: Settings,
  names: readonly string[],
  handle: OpenDirectory,
): Promise<Recovered> {
  const { directory, files, clock } = settings;
  const found: Found[] = [];
  for (const name of names.filter((each) => firstIndexOf(each) !== undefined).sort()) {
    found.push(await readHead(files, directory, name));
  }
  for (const name of names.filter(isUnfinished)) await files.unlink(join(directory, name));
  const damaged = names.filter(isDamaged);
  const quarantine = new Quarantine(settings, damaged, await bytesOf(files, directory, damaged));
  const readable = await quarantineHeadless(settings, found, quarantine);
  // The name of a file that was found may not be durable, if the previous process ended just after creating
  // it.
  if (settings.sync === 'always') await handle.sync();

  const manifest = new Manifest(files, directory, handle, settings.sync === 'always');
  const segments = readable.map(({ head, bytes }) => new Segment(directory, head!, bytes));
  for (const [at, segment] of segments.slice(0, -1).entries()) segment.closeAt(segments[at + 1]!.head);
  const last = segments.at(-1);
  const producers = new Producers(settings.producers.maxCount, settings.producers.maxAgeMillis);
  const now = clock.now();
  const maxStep = settings.producers.maxAgeMillis / 2;
  const noted = notedOf(await manifest.read(), last);
  const minNext = Math.max(minNextAfterHeadless(found), noted?.next ?? noted?.firstIndex ?? 1);
  const common = { segments, producers, quarantine, handle, manifest };
  if (last === undefined) {
    if (noted !== undefined) quarantine.missing(noted, 1, 0);
    return {
      ...common,
      id: randomBytes(16),
      formerIds: noted === undefined ? [] : [noted.id, ...noted.formerIds],
      active: undefined,
      next: minNext,
      time: new JournalTime(0, now, maxStep),
      recordsBefore: noted?.records ?? noted?.recordsBefore ?? 0,
    };
  }
  const previous = segments.at(-2);
  const tables = await loadProducers(files, last, previous, producers);
  const time = new JournalTime(last.head.timeMillis, last.head.createdMillis, maxStep);
  const committed: Committed = (origin, receivedMillis) => {
    const millis = time.advance(receivedMillis);
    if (origin !== undefined) producers.committed(origin, millis);
    producers.forget(millis);
  };
  const file = await files.openToWrite(last.path);
  try {
    await repair(file, last, quarantine, committed);
  } catch (error) {
    await file.close();
    throw error;
  }
  time.advance(now);

  const isNewestMissing = noted !== undefined && noted.firstIndex > last.head.firstIndex;
  if (isNewestMissing) quarantine.missing(noted, last.next, last.records);
  const keepsId = tables !== 'lost' && !isNewestMissing && minNext <= last.next;
  const keepsFile = keepsId && tables === 'whole';
  if (!keepsFile) await file.close();
  const ids = [noted?.id, last.head.id.toString('hex'), ...(noted?.formerIds ?? [])];
  return {
    ...common,
    id: keepsId ? last.head.id : randomBytes(16),
    formerIds: keepsId ? (noted?.formerIds ?? []) : [...new Set(ids)].filter((id) => id !== undefined),
    active: keepsFile ? file : undefined,
    next: Math.max(minNext, last.next),
    time,
    recordsBefore: isNewestMissing ? (noted.records ?? noted.recordsBefore) : 0,
  };
}

/** Brings the last segment into a state in which it can be continued, see {@link recover}. */
async function repair(
  file: OpenFile,
  last: Segment,
  quarantine: Quarantine,
  committed: Committed,
): Promise<void> {
  const { end, cutAt, seenNext, lastGroup } = await replay(file, last, quarantine, committed);
  if (cutAt < end) {
    quarantine.cut(last.name, cutAt, end - cutAt);
    await file.truncate(cutAt);
  }
  await rewrite(file, lastGroup, cutAt);
  await file.datasync();
  last.end = Math.max(cutAt, last.begin);
  last.settle();
  last.next = Math.max(last.next, seenNext);
}

/** The content of the manifest, if it belongs to these segments. */
function notedOf(noted: ManifestContent | undefined, last: Segment | undefined): ManifestContent | undefined {
  if (noted === undefined || last === undefined) return noted;
  const id = last.head.id.toString('hex');
  return noted.id === id || noted.formerIds.includes(id) ? noted : undefined;
}

async function listOrCreate(files: Files, directory: string): Promise<readonly string[]> {
  try {
    return await files.list(directory);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await files.makeDirectory(directory);
  const parent = await files.openDirectory(dirname(directory));
  try {
    await parent.sync();
  } finally {
    await parent.close();
  }
  return files.list(directory);
}

async function readHead(files: Files, directory: string, name: string): Promise<Found> {
  const path = join(directory, name);
  const file = await files.openToRead(path);
  try {
    const bytes = await file.size();
    const piece = Buffer.alloc(Math.min(HEAD_BYTES, bytes));
    await file.read(piece, piece.length, 0);
    const found = decodeHead(piece);
    if (found.kind === 'newer') {
      throw new Error(
        `journal: ${path} has format version ${found.version}, this program supports 1; nothing was changed, use a newer program`,
      );
    }
    const head =
      found.kind === 'head' && segmentName(found.head.firstIndex) === name ? found.head : undefined;
    return { name, bytes, head };
  } finally {
    await file.close();
  }
}

async function bytesOf(files: Files, directory: string, names: readonly string[]): Promise<number> {
  let sum = 0;
  for (const name of names) {
    try {
      const file = await files.openToRead(join(directory, name));
      sum += await file.size();
      await file.close();
    } catch (error) {
      // A user may remove the file at any time after inspecting it.
      if (!isMissing(error)) throw error;
    }
  }
  return sum;
}

/** Quarantines segments whose header is damaged in both copies, because they cannot be read. */
async function quarantineHeadless(
  { files, directory }: Settings,
  found: readonly Found[],
  quarantine: Quarantine,
): Promise<readonly Found[]> {
  const headless = found.filter(({ head }) => head === undefined);
  for (const { name, bytes } of headless) {
    const kept = damagedName(name, 0);
    await files.rename(join(directory, name), join(directory, kept));
    quarantine.counts.damagedRanges += 1;
    quarantine.counts.damagedBytes += bytes;
    quarantine.report(
      `the header of ${name} is damaged; the file was renamed to ${kept}, reading continues after it`,
    );
  }
  return found.filter(({ head }) => head !== undefined);
}

/** An index above all entries that a last segment without a valid header can have had. */
function minNextAfterHeadless(found: readonly Found[]): number {
  const last = found.at(-1);
  if (last === undefined || last.head !== undefined) return 1;
  return firstIndexOf(last.name)! + Math.max(0, Math.floor((last.bytes - HEAD_BYTES) / FRAME_BYTES));
}

/**
 * Loads the table at the beginning of the last segment. If it is damaged, loads that of the previous segment
 * and the entries after it. `rebuilt` and `lost` require a new segment, so that a valid table is on disk
 * again; `lost` also requires a new id.
 */
async function loadProducers(
  files: Files,
  last: Segment,
  previous: Segment | undefined,
  producers: Producers,
): Promise<'whole' | 'rebuilt' | 'lost'> {
  if (await loadTable(files, last, producers)) return 'whole';
  producers.clear();
  if (previous === undefined || !(await loadTable(files, previous, producers))) {
    producers.clear();
    return 'lost';
  }
  const file = await files.openToRead(previous.path);
  try {
    // A reader of these entries finds the damage again and quarantines it.
    await replay(file, previous, undefined, (origin) => {
      if (origin !== undefined) producers.committed(origin, last.head.timeMillis);
    });
  } finally {
    await file.close();
  }
  return 'rebuilt';
}

async function loadTable(files: Files, { path, head }: Segment, producers: Producers): Promise<boolean> {
  const file = await files.openToRead(path);
  try {
    const table = Buffer.allocUnsafeSlow(head.producers * PRODUCER_BYTES);
    const read = await file.read(table, table.length, HEAD_BYTES);
    return producers.load(table.subarray(0, read), head.tableCrc);
  } finally {
    await file.close();
  }
}

async function rewrite(file: OpenFile, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += PIECE_BYTES) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, to - at));
    const read = await file.read(piece, piece.length, at);
    await writeAll(file, [piece.subarray(0, read)], at);
  }
}
