import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../record/index.ts';
import { BOX_SUFFIX } from './box-file.ts';
import { type BoxHeader, decodeHeader } from './box-header.ts';
import { BLOCKS_AT } from './layout.ts';
import { isAlive, pidNamespace, processMark } from './process-identity.ts';

/** The name of a box that somebody is reading: its own, and who reads. */
const TAKEN = /^(.+\.box)\.taken-(\d+)-([0-9a-f]*)$/;
/** A box that could not be exported, and how often that was tried; and one that is never tried again. */
const FAILED = /^(.+\.box)\.failed-(\d+)$/;
const KEPT_SUFFIX = '.kept';
const MAX_FILE_BYTES = 2 ** 30 + BLOCKS_AT;
const { O_RDONLY, O_NOFOLLOW = 0 } = constants;

/** How much of a directory dead boxes may take. */
export interface DirectoryBounds {
  readonly maxFiles: number;
  readonly maxTotalBytes: number;
  readonly maxAgeMillis: number;
}

/** A box whose process has died, taken by this process alone. */
export interface TakenBox {
  /** Its first name. */
  readonly name: string;
  readonly bytes: Buffer;
  /** How often its export has failed before. */
  readonly failures: number;
  /** Its records are elsewhere now. */
  remove(): void;
  /** It stays for another try, of so many. @throws if somebody removed it, as the next two do */
  release(): void;
  /** It stays as it was. */
  restore(): void;
  /** It stays, and is not tried again. @returns its path */
  keep(): string;
}

/** What was found in a directory, beside boxes. */
export interface DirectoryReport {
  /** Dead boxes that were removed unread since there were too many, or too old ones. */
  removed: number;
  /** Why files were left alone, by name. */
  readonly refused: Map<string, string>;
}

interface Candidate {
  readonly file: string;
  readonly name: string;
  readonly failures: number;
  readonly bytes: number;
  readonly writtenAt: number;
}

/**
 * The boxes of processes that have died, oldest first. Each is taken by renaming it, so that of several that
 * look one gets it. A box that was taken by a process that died meanwhile is taken again.
 *
 * Symbolic links, files of other users and what is no regular file are left alone. Never throws, but for a
 * directory that cannot be read.
 * @param isWanted decides by the header
 */
export function* takeBoxes(
  directory: string,
  bounds: DirectoryBounds,
  report: DirectoryReport,
  isWanted: (header: Pick<BoxHeader, 'service'>) => boolean,
): Generator<TakenBox> {
  const dead = candidates(directory, report, isWanted);
  const left = withinBounds(directory, dead, bounds, report);
  for (const candidate of left) {
    const taken = take(directory, candidate, report);
    if (taken !== undefined) yield taken;
  }
}

/** Files of dead processes, oldest first. */
function candidates(
  directory: string,
  report: DirectoryReport,
  isWanted: (header: Pick<BoxHeader, 'service'>) => boolean,
): Candidate[] {
  const found: Candidate[] = [];
  for (const file of readdirSync(directory)) {
    const taken = TAKEN.exec(file);
    const failed = FAILED.exec(file);
    const name = taken?.[1] ?? failed?.[1] ?? file;
    if (!name.endsWith(BOX_SUFFIX)) continue;
    try {
      const path = join(directory, file);
      const why = refusal(path, directory);
      if (why !== undefined) {
        report.refused.set(file, why);
        continue;
      }
      const header = headerAt(path);
      if (typeof header === 'string') {
        // Somebody may be making it.
        if (Date.now() - statSync(path).mtimeMs > 5_000) report.refused.set(file, header);
        continue;
      }
      const { size, mtimeMs } = statSync(path);
      const writer =
        taken === null ? header : { pid: Number(taken[2]), processMark: '', pidNamespace: pidNamespace() };
      const isTakenNow = taken !== null && taken[3] === markText(Number(taken[2]));
      if (!isWanted(header)) continue;
      if (taken === null && failed === null && isAlive(header, Date.now() - mtimeMs)) continue;
      if (isTakenNow && isAlive(writer, 0)) continue;
      found.push({ file, name, failures: Number(failed?.[2] ?? 0), bytes: size, writtenAt: mtimeMs });
    } catch {
      // It has been taken or removed meanwhile.
    }
  }
  return found.sort((one, other) => one.writtenAt - other.writtenAt);
}

/** The newest that fit; the others are removed. */
function withinBounds(
  directory: string,
  dead: readonly Candidate[],
  bounds: DirectoryBounds,
  report: DirectoryReport,
): Candidate[] {
  let files = 0;
  let bytes = 0;
  const left: Candidate[] = [];
  for (const candidate of dead.toReversed()) {
    files += 1;
    bytes += candidate.bytes;
    const isOld = Date.now() - candidate.writtenAt > bounds.maxAgeMillis;
    if (files <= bounds.maxFiles && bytes <= bounds.maxTotalBytes && !isOld) {
      left.unshift(candidate);
    } else {
      report.removed += remove(join(directory, candidate.file)) ? 1 : 0;
    }
  }
  return left;
}

function take(
  directory: string,
  { file, name, failures }: Candidate,
  report: DirectoryReport,
): TakenBox | undefined {
  const path = join(directory, `${name}.taken-${process.pid}-${markText(process.pid)}`);
  try {
    renameSync(join(directory, file), path);
    const bytes = readWhole(path);
    const rename = (suffix: string) => {
      renameSync(path, join(directory, name + suffix));
      return join(directory, name + suffix);
    };
    return {
      ...{ name, bytes, failures },
      remove: () => void remove(path),
      release: () => void rename(`.failed-${failures + 1}`),
      restore: () => void rename(failures === 0 ? '' : `.failed-${failures}`),
      keep: () => rename(KEPT_SUFFIX),
    };
  } catch (error) {
    // Another one was faster.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') report.refused.set(file, errorText(error));
    return undefined;
  }
}

/** Why a file is left alone. */
function refusal(path: string, directory: string): string | undefined {
  const { uid } = lstatSync(path);
  const status = lstatSync(path);
  if (status.isSymbolicLink()) return 'a symbolic link';
  if (!status.isFile()) return 'no file';
  const own = process.geteuid?.();
  // The administrator reads the boxes of those who own the directory.
  const expected = own === 0 ? [0, statSync(directory).uid] : [own];
  if (own !== undefined && !expected.includes(uid)) return 'a file of another user';
  if (status.size > MAX_FILE_BYTES) return 'too large';
  return undefined;
}

function headerAt(path: string): BoxHeader | string {
  const descriptor = openSync(path, O_RDONLY | O_NOFOLLOW);
  try {
    const bytes = Buffer.alloc(BLOCKS_AT);
    readSync(descriptor, bytes, 0, BLOCKS_AT, 0);
    return decodeHeader(bytes);
  } finally {
    closeSync(descriptor);
  }
}

function readWhole(path: string): Buffer {
  const descriptor = openSync(path, O_RDONLY | O_NOFOLLOW);
  try {
    return fstatSync(descriptor).size > MAX_FILE_BYTES ? Buffer.alloc(0) : readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The start of a process as a part of a file name. */
function markText(pid: number): string {
  return Buffer.from(processMark(pid), 'latin1').toString('hex').slice(-16);
}

function remove(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
