import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { syncDirectory } from '../../disk/index.ts';
import { UNFINISHED } from './rotated-files.ts';

/**
 * Replaces a file by its gzip form, `<path>.gz`. At every moment one of them is there whole: the new one has
 * another name until it is on the disk.
 * Nothing is done if somebody else has moved or removed the file.
 * @throws if it could not be done: the file is there as before
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
