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
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../record/index.ts';
import { BOX_SUFFIX } from './box-file.ts';
import { type BoxHeader, decodeHeader } from './box-header.ts';
import { BLOCKS_AT } from './layout.ts';
import { isAlive, pidNamespace, processMark } from './process-identity.ts';

/** The name of a box while a process reads it: the original name, the reader's pid and its start mark. */
const TAKEN = /^(.+\.box)\.taken-(\d+)-([0-9a-f]*)$/;
/** The name of a box whose export has failed, with the number of attempts. */
const FAILED = /^(.+\.box)\.failed-(\d+)$/;
/** The suffix of a box whose export is not retried. */
const KEPT_SUFFIX = '.kept';
/** Digits of the start time and of the namespace in the name of a claimed box. */
const START_DIGITS = 16;
const NAMESPACE_DIGITS = 8;
const MAX_FILE_BYTES = 2 ** 30 + BLOCKS_AT;
const { O_RDONLY, O_NOFOLLOW = 0 } = constants;

/** The limits for boxes of dead processes in a directory. */
export interface DirectoryBounds {
  readonly maxFiles: number;
  readonly maxTotalBytes: number;
  readonly maxAgeMillis: number;
}

/** A box of a dead process, claimed exclusively by this process. */
export interface TakenBox {
  /** The original file name. */
  readonly name: string;
  readonly bytes: Buffer;
  /** The number of failed exports so far. */
  readonly failures: number;
  /** Shows processes in other containers that the box is still read; to be called every few seconds. @throws if the file was removed */
  touch(): void;
  /** Removes the file after its records were exported. */
  remove(): void;
  /** Releases the box for another attempt and counts this one as failed. @throws if the file was removed */
  release(): void;
  /** Releases the box without counting an attempt. @throws if the file was removed */
  restore(): void;
  /** Keeps the file but excludes it from retries. @returns its path @throws if the file was removed */
  keep(): string;
}

/** Files of the directory that were not claimed. */
export interface DirectoryReport {
  /** The number of boxes removed unread because they exceeded the limits. */
  removed: number;
  /** The reason why each file was skipped, by name. */
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
 * Claims the boxes of dead processes, oldest first. Each box is claimed by renaming it, so that only one of
 * several concurrent readers obtains it. If a reader dies, its boxes are claimed again.
 *
 * Skips symbolic links, files of other users and files that are not regular. Throws only if the directory
 * cannot be read.
 * @param isWanted selects boxes by their header
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

/** Returns the boxes of dead processes, oldest first. */
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
        // Another process may be creating the file.
        if (Date.now() - statSync(path).mtimeMs > 5_000) report.refused.set(file, header);
        continue;
      }
      const { size, mtimeMs, ctimeMs } = statSync(path);
      if (!isWanted(header)) continue;
      if (taken === null && failed === null && isAlive(header, Date.now() - mtimeMs)) continue;
      if (taken !== null && isStillTaken(Number(taken[2]), taken[3]!, Date.now() - ctimeMs)) continue;
      found.push({ file, name, failures: Number(failed?.[2] ?? 0), bytes: size, writtenAt: mtimeMs });
    } catch {
      // The file was claimed or removed in the meantime.
    }
  }
  return found.sort((one, other) => one.writtenAt - other.writtenAt);
}

/** Returns the newest boxes within the limits and removes the others. */
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
      // Changes the time of the last status change, not that of the last write.
      touch: () => utimesSync(path, new Date(), statSync(path).mtime),
      remove: () => void remove(path),
      release: () => void rename(`.failed-${failures + 1}`),
      restore: () => void rename(failures === 0 ? '' : `.failed-${failures}`),
      keep: () => rename(KEPT_SUFFIX),
    };
  } catch (error) {
    // ENOENT: another process claimed it first.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') report.refused.set(file, errorText(error));
    return undefined;
  }
}

/** Returns the reason why a file is skipped. */
function refusal(path: string, directory: string): string | undefined {
  const { uid } = lstatSync(path);
  const status = lstatSync(path);
  if (status.isSymbolicLink()) return 'a symbolic link';
  if (!status.isFile()) return 'not a regular file';
  const own = process.geteuid?.();
  // Root also reads the boxes of the directory's owner.
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

/** The start time of a process and the namespace of its id, as a part of a file name. */
function markText(pid: number): string {
  return startText(pid) + namespaceText();
}

function startText(pid: number): string {
  return Buffer.from(processMark(pid), 'latin1').toString('hex').slice(-START_DIGITS);
}

function namespaceText(): string {
  const inode = Number(/\d+/.exec(pidNamespace()) ?? 0);
  return inode.toString(16).padStart(NAMESPACE_DIGITS, '0');
}

/**
 * Whether the process that claimed a box still reads it.
 * @param mark as in the file name; earlier versions wrote no namespace
 * @param idleMillis the time since the file was claimed or touched
 */
function isStillTaken(pid: number, mark: string, idleMillis: number): boolean {
  const namespace = mark.slice(START_DIGITS);
  const isElsewhere = mark.length === START_DIGITS + NAMESPACE_DIGITS && namespace !== namespaceText();
  if (isElsewhere) return isAlive({ pid, processMark: '', pidNamespace: namespace }, idleMillis);
  const isSame = mark === markText(pid) || mark === startText(pid);
  return isSame && isAlive({ pid, processMark: '', pidNamespace: pidNamespace() }, idleMillis);
}

function remove(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
