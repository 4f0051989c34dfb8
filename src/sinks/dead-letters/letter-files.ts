import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DeadLetter, decodeLetters } from './letter-format.ts';

const NAME = /^(\d{12})\.dlq$/;

export function letterFile(number: number): string {
  return `${String(number).padStart(12, '0')}.dlq`;
}

/** The files of a sink's dead letters, oldest first. None if there is no such folder. */
export async function letterFiles(
  directory: string,
): Promise<readonly { readonly path: string; readonly number: number }[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => NAME.test(name))
    .sort()
    .map((name) => ({ path: join(directory, name), number: Number(NAME.exec(name)![1]) }));
}

/** The letters of one file; none if it is gone. */
export async function readLetters(path: string): Promise<readonly DeadLetter[]> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  return [...decodeLetters(bytes)];
}
