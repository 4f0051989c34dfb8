import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DeadLetter, decodeLetters } from './letter-format.ts';

const NAME = /^(\d{12})\.dlq$/;
/** The name of a file that contained damage, after its letters were replayed. */
const DAMAGED_NAME = /^(\d{12})\.dlq\.damaged$/;

export function letterFile(number: number): string {
  return `${String(number).padStart(12, '0')}.dlq`;
}

export interface LetterFile {
  readonly path: string;
  readonly number: number;
}

/** The files of a sink's dead letters, oldest first. Empty if the folder does not exist. */
export function letterFiles(directory: string): Promise<readonly LetterFile[]> {
  return filesOf(directory, NAME);
}

/** The files that are kept because they contained damage, oldest first. */
export function damagedFiles(directory: string): Promise<readonly LetterFile[]> {
  return filesOf(directory, DAMAGED_NAME);
}

async function filesOf(directory: string, pattern: RegExp): Promise<readonly LetterFile[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => ({ path: join(directory, name), number: Number(pattern.exec(name)![1]) }));
}

/** The content of a file of letters. */
export interface FoundLetters {
  readonly letters: readonly DeadLetter[];
  readonly damagedBytes: number;
}

/** Reads the letters of one file; none if the file does not exist. */
export async function readLetters(path: string): Promise<FoundLetters> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const letters: DeadLetter[] = [];
  let damagedBytes = 0;
  for (const found of decodeLetters(bytes)) {
    if ('letter' in found) letters.push(found.letter);
    else damagedBytes += found.damagedBytes;
  }
  return { letters, damagedBytes };
}
