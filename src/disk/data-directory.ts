import {
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { lockDirectory } from './data-lock.ts';
import { syncDirectory } from './sync-directory.ts';

/** The format of the directory that this version writes. It reads no newer one. */
const DATA_VERSION = 1;

/** The data directory of the daemon, locked until it is closed. Only this user can access its files. */
export interface DataDirectory {
  /** The paths of its files and folders. Each component creates the folders that it uses. */
  readonly layout: DataLayout;
  /** Releases the lock, so that another daemon can open the directory. May be called twice. */
  close(): Promise<void>;
}

/** Why a data directory cannot be opened. The directory was not changed. */
export interface DataDirectoryError extends Error {
  readonly code:
    | 'in_use'
    | 'newer'
    /** The directory has files but no version file, so it was not created by a daemon. */
    | 'foreign'
    | 'not_a_directory'
    | 'not_writable';
}

/**
 * Opens the data directory for this process exclusively. Creates it with mode 0700 if it does not exist.
 *
 * The lock protects against other processes on this machine only, not against other machines on a network
 * file system.
 * @throws (rejects) DataDirectoryError
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  const layout = dataLayout(resolve(path));
  await makeDirectory(layout.root);
  await checkDirectory(layout);
  const lock = await lockOf(layout.root);
  try {
    // Another process may have initialized the directory and released it between the first check and the
    // lock.
    const version = checkVersion(layout);
    chmodSync(layout.root, 0o700);
    if (version === undefined) await writeVersion(layout);
    return { layout, close: () => lock.release() };
  } catch (error) {
    await lock.release();
    throw asDataDirectoryError(error, layout.root);
  }
}

/** Creates the directory and its parents. Changes nothing if they exist. */
async function makeDirectory(root: string): Promise<void> {
  try {
    await makeFolders(root);
  } catch (error) {
    throw asDataDirectoryError(error, root);
  }
}

/**
 * Does not use `recursive: true`, which loops forever where folders cannot be created, such as in /proc.
 * Syncs each parent directory, so that the new name is durable before anything in it is acknowledged.
 * Directories that this user may not read cannot be synced; that error is ignored.
 */
async function makeFolders(path: string): Promise<void> {
  if (existsSync(path)) return;
  if (dirname(path) !== path) await makeFolders(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process created it in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  await syncDirectory(dirname(path)).catch(() => {});
}

async function checkDirectory(layout: DataLayout): Promise<void> {
  const { root } = layout;
  if (!statSync(root).isDirectory())
    throw failure('not_a_directory', `the data directory ${root} is not a directory`);
  await access(root, constants.R_OK | constants.W_OK | constants.X_OK).catch((error) => {
    throw asDataDirectoryError(error, root);
  });
  const { uid } = statSync(root);
  const own = process.getuid?.();
  // Root could write anyway, but the owner of the directory could replace a file with a link and choose where
  // root writes.
  if (own !== undefined && uid !== own) {
    throw failure(
      'not_writable',
      `the data directory ${root} belongs to another user (${uid}, this is ${own}); name a new directory below it`,
    );
  }
  checkVersion(layout);
}

/**
 * Lists the names before it reads the version. Another daemon may write the version file, and then its other
 * files, at any moment; files that were listed before the version was read belong to that version.
 * @returns the version; undefined if the directory is new
 */
function checkVersion({ root, version }: DataLayout): number | undefined {
  const names = readdirSync(root).filter(
    (name) => !/^(?:new-)?lock-.*\.sock$|^lost\+found$|^version\.new/.test(name),
  );
  const text = readIfThere(version);
  if (text === undefined) {
    if (names.length === 0) return undefined;
    throw failure(
      'foreign',
      `${root} contains ${JSON.stringify(names[0])} but no version file, so it is not a data directory of distlogd; choose an empty directory`,
    );
  }
  const number = /^\d{1,9}\n?$/.test(text) ? Number(text) : undefined;
  if (number === undefined)
    throw failure('foreign', `${version} does not contain a version number; nothing was changed`);
  if (number > DATA_VERSION) {
    throw failure(
      'newer',
      `the data directory ${root} was written by a newer distlogd (format ${number}, this one reads up to ${DATA_VERSION}); nothing was changed`,
    );
  }
  return number;
}

/** Writes the version file atomically. */
async function writeVersion({ root, version }: DataLayout): Promise<void> {
  const unfinished = join(root, `version.new-${process.pid}`);
  writeFileSync(unfinished, `${DATA_VERSION}\n`, { mode: 0o600, flush: true });
  renameSync(unfinished, version);
  await syncDirectory(root);
}

async function lockOf(root: string) {
  const result = await lockDirectory(root).catch((error) => {
    throw asDataDirectoryError(error, root);
  });
  if ('release' in result) return result;
  throw failure(
    'in_use',
    `the data directory ${root} is in use by process ${result.pid}; only one distlogd may use it`,
  );
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw asDataDirectoryError(error, path);
  }
}

function failure(code: DataDirectoryError['code'], message: string): DataDirectoryError {
  return Object.assign(new Error(message), { code });
}

function asDataDirectoryError(error: unknown, path: string): DataDirectoryError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (['in_use', 'newer', 'foreign', 'not_a_directory', 'not_writable'].includes(code)) {
    return error as DataDirectoryError;
  }
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return failure('not_a_directory', `the data directory ${path} is not a directory, or is below a file`);
  }
  const why: Readonly<Record<string, string>> = {
    EACCES: 'this user may not write there',
    EPERM: 'this user may not write there',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
  };
  return failure('not_writable', `the data directory ${path} cannot be used: ${why[code] ?? message}`);
}

/** The paths of the daemon's files, all below one directory. */
export interface DataLayout {
  /** The directory itself, an absolute path. */
  readonly root: string;
  /** Segment files of the journal. */
  readonly journal: string;
  /** Cursors and state of the sinks, one file each. */
  readonly sinks: string;
  /** Dead letters of the sinks, one folder each. */
  readonly deadLetters: string;
  /** The only folder here to which file sinks may write. */
  readonly logs: string;
  /** A Unix domain socket through which programs of this user reach the daemon. */
  readonly socket: string;
  /** A file with the format version of the directory. */
  readonly version: string;
}

/** @param root an absolute path */
export function dataLayout(root: string): DataLayout {
  return {
    root,
    journal: join(root, 'journal'),
    sinks: join(root, 'sinks'),
    deadLetters: join(root, 'dead-letters'),
    logs: join(root, 'logs'),
    socket: join(root, 'distlogd.sock'),
    version: join(root, 'version'),
  };
}
