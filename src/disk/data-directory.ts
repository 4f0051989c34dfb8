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

/** The daemon's own directory, locked until it is closed. Everything in it is for this user only. */
export interface DataDirectory {
  /** Where each part keeps its files. The folders in it are made by those who use them. */
  readonly layout: DataLayout;
  /** Lets other daemons in. May be called twice. */
  close(): Promise<void>;
}

/** Why a data directory cannot be opened; nothing in it was changed then. */
export interface DataDirectoryError extends Error {
  readonly code:
    | 'in_use'
    | 'newer'
    /** It has files and none of them says that it is a data directory. */
    | 'foreign'
    | 'not_a_directory'
    | 'not_writable';
}

/**
 * Opens the data directory for this process alone; makes it, with mode 0700, if it is not there.
 *
 * The lock holds for one machine. Over a network file system two machines do not see each other.
 * @throws (rejects) DataDirectoryError
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  const layout = dataLayout(resolve(path));
  await makeDirectory(layout.root);
  await checkDirectory(layout);
  const lock = await lockOf(layout.root);
  try {
    // Somebody else may have made it, and ended, between the first look and the lock.
    const version = checkVersion(layout);
    chmodSync(layout.root, 0o700);
    if (version === undefined) await writeVersion(layout);
    return { layout, close: () => lock.release() };
  } catch (error) {
    await lock.release();
    throw asDataDirectoryError(error, layout.root);
  }
}

/** Makes the folder and those above it; changes nothing if it is there. */
async function makeDirectory(root: string): Promise<void> {
  try {
    await makeFolders(root);
  } catch (error) {
    throw asDataDirectoryError(error, root);
  }
}

/**
 * Not by `recursive: true`: that loops forever where folders cannot be created, such as in /proc. Each name is on the
 * disk before anything is acknowledged in it; a folder that this user may not read cannot be synced.
 */
async function makeFolders(path: string): Promise<void> {
  if (existsSync(path)) return;
  if (dirname(path) !== path) await makeFolders(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Somebody else was quicker.
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
  // Root may write everywhere; but the owner of the directory could put a link where root writes then.
  if (own !== undefined && uid !== own) {
    throw failure(
      'not_writable',
      `the data directory ${root} belongs to another user (${uid}, this is ${own}); name a new directory below it`,
    );
  }
  checkVersion(layout);
}

/**
 * Lists the names before it looks for the version: another daemon may write the version, and then its files, at any
 * moment, and whatever was there before the version was looked for belongs to that version.
 * @returns the version, undefined if the directory is new
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
      `${root} holds ${JSON.stringify(names[0])} and no version file, so it is not a data directory of distlogd; choose an empty one`,
    );
  }
  const number = /^\d{1,9}\n?$/.test(text) ? Number(text) : undefined;
  if (number === undefined)
    throw failure('foreign', `${version} holds no version number; nothing was changed`);
  if (number > DATA_VERSION) {
    throw failure(
      'newer',
      `the data directory ${root} was written by a newer distlogd (format ${number}, this one reads up to ${DATA_VERSION}); nothing was changed`,
    );
  }
  return number;
}

/** Whole or not at all, whatever happens in between. */
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
    `the data directory ${root} is in use by process ${result.pid}; one distlogd at a time`,
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

/** Where the daemon's parts keep their files, all below one directory. */
export interface DataLayout {
  /** The directory itself, an absolute path. */
  readonly root: string;
  /** Segments of the journal. */
  readonly journal: string;
  /** Cursors and state of the sinks, a file each. */
  readonly sinks: string;
  /** Dead letters of the sinks, a folder each. */
  readonly deadLetters: string;
  /** The only folder here that file sinks may write to. */
  readonly logs: string;
  /** Where programs of this user reach the daemon: a Unix domain socket. */
  readonly socket: string;
  /** Holds the number of the directory's format. */
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
