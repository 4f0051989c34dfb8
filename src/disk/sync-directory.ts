import { open } from 'node:fs/promises';

/**
 * Makes the entries of a directory durable: files and folders that were created, renamed or removed in it.
 */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
