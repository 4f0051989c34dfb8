import { type FileHandle, mkdir, open, readdir, rename, statfs, unlink } from 'node:fs/promises';

/** An open file, as far as the journal needs one. */
export interface OpenFile {
  /** Reads up to `length` bytes at `position` of the file. @returns how many; fewer only at the file's end */
  read(target: Uint8Array, length: number, position: number): Promise<number>;
  /** Writes the parts one behind the other. @returns how many bytes; it may be fewer than given */
  writev(parts: readonly Uint8Array[], position: number): Promise<number>;
  /** Bytes are on the disk, and what is needed to find them (fdatasync). */
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** An open directory. Held open, so that syncing it needs no file descriptor when there is none left. */
export interface OpenDirectory {
  /** Names made and removed in it are on the disk (fsync). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The file system as the journal uses it: each step by itself, so that tests can let each one fail, or end
 * the process there. Errors carry `code`, as those of Node.
 */
export interface Files {
  /** Makes the directory (mode 0700) and those above it; one that exists is fine. */
  makeDirectory(path: string): Promise<void>;
  list(path: string): Promise<readonly string[]>;
  /** A new file (mode 0600), to read and write. @throws EEXIST */
  create(path: string): Promise<OpenFile>;
  openToWrite(path: string): Promise<OpenFile>;
  openToRead(path: string): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  openDirectory(path: string): Promise<OpenDirectory>;
  /** Bytes that may still be written to the disk of this directory. */
  freeBytes(path: string): Promise<number>;
}

/** The files of the machine. */
export const nodeFiles: Files = {
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  list: (path) => readdir(path),
  create: async (path) => openFile(await open(path, 'wx+', 0o600)),
  openToWrite: async (path) => openFile(await open(path, 'r+')),
  openToRead: async (path) => openFile(await open(path, 'r')),
  rename,
  unlink,
  openDirectory: (path) => open(path, 'r'),
  freeBytes: async (path) => {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
};

function openFile(handle: FileHandle): OpenFile {
  return {
    read: async (target, length, position) => {
      let done = 0;
      while (done < length) {
        const { bytesRead } = await handle.read(target, done, length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    writev: async (parts, position) => (await handle.writev(parts, position)).bytesWritten,
    datasync: () => handle.datasync(),
    truncate: (length) => handle.truncate(length),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  };
}

/**
 * Writes all of it, however many calls that takes (a disk that fills up takes a part first).
 * @throws the first error; how much was written by then is not known
 */
export async function writeAll(
  file: OpenFile,
  parts: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let rest = parts;
  let at = position;
  while (rest.length > 0) {
    const written = await file.writev(rest, at);
    at += written;
    rest = behind(rest, written);
    if (written === 0 && rest.length > 0) throw new Error('a write took no bytes');
  }
}

function behind(parts: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let left = written;
  for (const [index, part] of parts.entries()) {
    if (left < part.length) return [part.subarray(left), ...parts.slice(index + 1)];
    left -= part.length;
  }
  return [];
}

/** The disk, or this user's share of it, is full: the one error of a write that is no fault. */
export function isNoSpace(error: unknown): boolean {
  return hasCode(error, ['ENOSPC', 'EDQUOT']);
}

/** No file can be opened for now, so that nothing was written: no file descriptor or no memory is left. */
export function isNoDescriptor(error: unknown): boolean {
  return hasCode(error, ['EMFILE', 'ENFILE', 'ENOMEM']);
}

export function isMissing(error: unknown): boolean {
  return hasCode(error, ['ENOENT']);
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return codes.includes(String((error as { code?: unknown } | null)?.code));
}

// Names in a journal's directory; other files there are not touched.

export const MANIFEST = 'manifest';
const SEGMENT = /^([0-9]{16})\.segment$/;

/** The segment that begins with this entry. Sixteen digits, so that names sort as numbers do. */
export function segmentName(firstIndex: number): string {
  return `${String(firstIndex).padStart(16, '0')}.segment`;
}

/** The index of the first entry, or undefined if this is no segment's name. */
export function firstIndexOf(name: string): number | undefined {
  const digits = SEGMENT.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** A segment is written under this name until its header is on the disk, a manifest until all of it is. */
export function unfinishedName(name: string): string {
  return `${name}.new`;
}

export function isUnfinished(name: string): boolean {
  return name.endsWith('.segment.new') || name === unfinishedName(MANIFEST);
}

/** Where the bytes of a damaged range are kept for a person to look at. */
export function damagedName(name: string, offset: number): string {
  return `${name}.${offset}.damaged`;
}

export function isDamaged(name: string): boolean {
  return name.endsWith('.damaged');
}
