import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { syncDirectory } from '../../disk/index.ts';
import { UNFINISHED } from './rotated-files.ts';

/**
 * Replaces a file by its compressed form, `<path>.gz`. One of the two is complete at any time: the new file
 * has a temporary name until it is on disk. Does nothing if another program has moved or removed the file.
 * @throws if that fails; the original file is unchanged
 */
export async function compressFile(path: string, mode: number, signal: AbortSignal): Promise<void> {
  const unfinished = `${path}${UNFINISHED}`;
  try {
    await pipeline(
      createReadStream(path, { highWaterMark: 262_144 }),
      createGzip(),
      createWriteStream(unfinished, { mode }),
      { signal },
    );
    const file = await open(unfinished, 'r+');
    try {
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, `${path}.gz`);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {});
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync(path)) return;
    throw error;
  }
  await syncDirectory(dirname(path));
  await rm(path, { force: true });
}
