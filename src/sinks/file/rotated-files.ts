import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncDirectory } from '../../disk/index.ts';

export interface RotatedFile {
  readonly path: string;
  readonly isCompressed: boolean;
  /** From its name: when it was rotated, and a number from 1 for files with the same time. */
  readonly time: string;
  readonly number: number;
}

/** The suffix of a compressed file until it is complete. */
export const UNFINISHED = '.gz.unfinished';

/**
 * Rotates the file: `app.jsonl` becomes `app.jsonl.20261121T061236123Z`, followed by `_2` if that exists. The
 * new name sorts after all others, even if the clock was ahead when they were created, because `keep` uses
 * this order.
 * @returns the new path
 */
export async function moveAway(path: string, nowMillis: number): Promise<string> {
  const now = new Date(nowMillis).toISOString().replaceAll(/[-:.]/g, '');
  const newest = (await rotatedFiles(path)).at(-1);
  const isBehind = newest === undefined || newest.time < now;
  const number = isBehind ? 1 : newest.number + 1;
  const target = `${path}.${isBehind ? now : newest.time}${number === 1 ? '' : `_${number}`}`;
  await rename(path, target);
  await syncDirectory(dirname(path));
  return target;
}

/** The rotated files, oldest first, by the time in their names. Files of other programs are not included. */
export async function rotatedFiles(path: string): Promise<readonly RotatedFile[]> {
  const found: RotatedFile[] = [];
  for (const name of await siblings(path)) {
    const match = /^\.(\d{8}T\d{9}Z)(?:_(\d{1,6}))?(\.gz)?$/.exec(name.slice(basename(path).length));
    if (match === null) continue;
    const isCompressed = match[3] !== undefined;
    found.push({
      path: join(dirname(path), name),
      isCompressed,
      time: match[1]!,
      number: Number(match[2] ?? 1),
    });
  }
  return found.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.number - b.number));
}

/**
 * The names in the file's folder that start with its name and are longer: rotated files, or files of other
 * programs.
 */
export async function siblings(path: string): Promise<readonly string[]> {
  const base = basename(path);
  return (await readdir(dirname(path))).filter((name) => name.startsWith(base) && name !== base);
}

/** Removes the oldest files, and temporary files that a crash left. */
export async function prune(path: string, keep: number): Promise<void> {
  for (const name of await siblings(path)) {
    if (/^\.\d{8}T\d{9}Z.*\.gz\.unfinished$/.test(name.slice(basename(path).length))) {
      await rm(join(dirname(path), name), { force: true });
    }
  }
  const files = await rotatedFiles(path);
  // After a crash, a file and its compressed form can both exist: they count once.
  const names = [...new Set(files.map((file) => file.path.replace(/\.gz$/, '')))];
  for (const name of names.slice(0, Math.max(0, names.length - keep))) {
    await rm(name, { force: true });
    await rm(`${name}.gz`, { force: true });
  }
}
