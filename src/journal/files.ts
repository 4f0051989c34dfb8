import { type FileHandle, mkdir, open, readdir, rename, statfs, unlink } from 'node:fs/promises';

/** An open file, with the operations that the journal needs. */
export interface OpenFile {
  /** Reads up to `length` bytes at `position`. @returns how many; fewer only at the end of the file */
  read(target: Uint8Array, length: number, position: number): Promise<number>;
  /** Writes the parts one after the other. @returns how many bytes, which may be fewer than passed */
  writev(parts: readonly Uint8Array[], position: number): Promise<number>;
  /** Makes the written bytes durable, with the metadata needed to read them (fdatasync). */
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** An open directory. It stays open, so that syncing works even when no file descriptor is left. */
export interface OpenDirectory {
  /** Makes created and removed names durable (fsync). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The file system operations of the journal, each one separate, so that tests can make each one fail or end
 * the process there. Errors carry `code`, as in Node.
 */
export interface Files {
  /** Creates the directory (mode 0700) and its parents; does nothing if it exists. */
  makeDirectory(path: string): Promise<void>;
  list(path: string): Promise<readonly string[]>;
  /** Creates a file (mode 0600) for reading and writing. @throws EEXIST */
  create(path: string): Promise<OpenFile>;
  openToWrite(path: string): Promise<OpenFile>;
  openToRead(path: string): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  openDirectory(path: string): Promise<OpenDirectory>;
  /** The number of bytes that can still be written to the disk of this directory. */
  freeBytes(path: string): Promise<number>;
}

/** The real file system. */
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
 * Writes all parts, with as many calls as needed: when a disk fills up, a write may be partial first.
 * @throws the first error; how much was written by then is unknown
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
    rest = remaining(rest, written);
    if (written === 0 && rest.length > 0) throw new Error('the file system wrote no bytes');
  }
}

function remaining(parts: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let left = written;
  for (const [index, part] of parts.entries()) {
    if (left < part.length) return [part.subarray(left), ...parts.slice(index + 1)];
    left -= part.length;
  }
  return [];
}

/** Whether the disk or the quota of this user is full: the only write error that is not a fault. */
export function isNoSpace(error: unknown): boolean {
  return hasCode(error, ['ENOSPC', 'EDQUOT']);
}

/**
 * Whether no file can be opened now because no file descriptor or memory is left; nothing was written then.
 */
export function isNoDescriptor(error: unknown): boolean {
  return hasCode(error, ['EMFILE', 'ENFILE', 'ENOMEM']);
}

export function isMissing(error: unknown): boolean {
  return hasCode(error, ['ENOENT']);
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return codes.includes(String((error as { code?: unknown } | null)?.code));
}

// The names in a journal's directory. Other files there are not touched.

export const MANIFEST = 'manifest';
const SEGMENT = /^([0-9]{16})\.segment$/;

/** The name of the segment that starts with this entry. Sixteen digits, so that names sort like numbers. */
export function segmentName(firstIndex: number): string {
  return `${String(firstIndex).padStart(16, '0')}.segment`;
}

/** The index of the first entry; undefined if this is not the name of a segment. */
export function firstIndexOf(name: string): number | undefined {
  const digits = SEGMENT.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The name of a segment until its header is on disk, or of a manifest until all of it is. */
export function unfinishedName(name: string): string {
  return `${name}.new`;
}

export function isUnfinished(name: string): boolean {
  return name.endsWith('.segment.new') || name === unfinishedName(MANIFEST);
}

/** The name of the file that keeps the bytes of a damaged range for inspection. */
export function damagedName(name: string, offset: number): string {
  return `${name}.${offset}.damaged`;
}

export function isDamaged(name: string): boolean {
  return name.endsWith('.damaged');
}
