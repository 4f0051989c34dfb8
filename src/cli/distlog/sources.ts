import { createReadStream } from 'node:fs';
import { access, constants, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { commandError, ExitCode } from '../exit-code.ts';

/** Bytes with a name. */
export interface Source {
  readonly name: string;
  chunks(): AsyncIterable<Uint8Array>;
}

const READABLE = /\.(?:json|jsonl|ndjson)(?:\.gz)?$/;
const CHUNK_BYTES = 2 ** 20;

/**
 * The files, with directories replaced by the files of log records in them, by name. `-`, or no file: standard input.
 * @throws CommandError before anything is read
 */
export async function sourcesOf(files: readonly string[]): Promise<Source[]> {
  if (files.length === 0) return [standardInput()];
  const found = await Promise.all(files.map((file) => (file === '-' ? [standardInput()] : sourcesAt(file))));
  return found.flat();
}

async function sourcesAt(path: string): Promise<Source[]> {
  try {
    const isDirectory = (await stat(path)).isDirectory();
    await access(path, constants.R_OK);
    if (!isDirectory) return [fileAt(path)];
    const names = (await readdir(path)).filter((name) => READABLE.test(name)).sort();
    return names.map((name) => fileAt(join(path, name)));
  } catch (error) {
    throw commandError(ExitCode.NO_INPUT, reasonOf(error, path));
  }
}

function reasonOf(error: unknown, path: string): string {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return code === 'ENOENT' ? `${path}: no such file` : `${path}: cannot be read (${code})`;
}

function fileAt(path: string): Source {
  return {
    name: path,
    chunks: () => {
      const bytes = createReadStream(path, { highWaterMark: CHUNK_BYTES });
      // An error of the file arrives through the last stream.
      return path.endsWith('.gz')
        ? pipeline(bytes, createGunzip({ chunkSize: CHUNK_BYTES }), () => {})
        : bytes;
    },
  };
}

function standardInput(): Source {
  return { name: 'standard input', chunks: () => process.stdin };
}
