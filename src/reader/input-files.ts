import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { access, constants, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ReaderError } from './reader-error.ts';

/** A named source of bytes. */
export interface Input {
  readonly name: string;
  chunks(): AsyncIterable<Uint8Array>;
}

/** Includes rotated files: `x.jsonl.1`, `x-2026-11-30.jsonl.gz`, `x.jsonl-20261130`. */
const READABLE = /\.(?:json|jsonl|ndjson)(?:[-.][\w-]+)*$/;
/** The name of a file that a `file` sink has rotated. While it is being compressed, both files exist. */
const ROTATED = /\.\d{8}T\d{9}Z(?:_\d+)?$/;
const UNFINISHED = '.gz.unfinished';
const CHUNK_BYTES = 2 ** 20;

/**
 * Resolves files; a directory is replaced by its files of log records, sorted by name. `-`: standard input.
 * @throws (rejects) ReaderError before anything is read
 */
export async function inputsOf(files: readonly string[]): Promise<Input[]> {
  const found = await Promise.all(files.map((file) => (file === '-' ? [standardInput()] : inputsAt(file))));
  return found.flat();
}

async function inputsAt(path: string): Promise<Input[]> {
  try {
    const isDirectory = (await stat(path)).isDirectory();
    await access(path, constants.R_OK);
    if (!isDirectory) return [fileAt(path)];
    const names = new Set(await readdir(path));
    const isCompressed = (name: string) => ROTATED.test(name) && names.has(`${name}.gz`);
    return [...names]
      .filter((name) => READABLE.test(name) && !name.endsWith(UNFINISHED) && !isCompressed(name))
      .sort()
      .map((name) => fileAt(join(path, name)));
  } catch (error) {
    throw new ReaderError('not_found', reasonOf(error, path));
  }
}

function reasonOf(error: unknown, path: string): string {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return code === 'ENOENT' ? `${path}: no such file` : `${path}: cannot be read (${code})`;
}

function fileAt(path: string): Input {
  return {
    name: path,
    chunks: async function* () {
      yield* unzipped(await opened(path));
    },
  };
}

/** Opens the file, or its compressed form if it was compressed in the meantime. */
async function opened(path: string): Promise<Readable> {
  const open = async (name: string) => {
    const bytes = createReadStream(name, { highWaterMark: CHUNK_BYTES });
    await once(bytes, 'open');
    return bytes;
  };
  return await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || !ROTATED.test(path)) throw error;
    return open(`${path}.gz`).catch(() => Promise.reject(error));
  });
}

function standardInput(): Input {
  return { name: 'standard input', chunks: () => unzipped(process.stdin) };
}

/** The bytes, decompressed if their first two bytes are those of gzip. */
async function* unzipped(bytes: Readable): AsyncGenerator<Uint8Array> {
  await once(bytes, 'readable');
  const first = bytes.read() as Uint8Array | null;
  if (first === null) return;
  bytes.unshift(first);
  if (first[0] !== 0x1f || first[1] !== 0x8b) yield* bytes;
  // An error of the input is reported by the last stream.
  else yield* pipeline(bytes, createGunzip({ chunkSize: CHUNK_BYTES }), () => {});
}
