import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type BoxHeader, encodeHeader } from './box-header.ts';
import { BLOCK_BYTES, BLOCKS_AT, HEADER_BYTES, HEADERS } from './layout.ts';
import { pidNamespace, processMark } from './process-identity.ts';

/** The file name suffix of a box. */
export const BOX_SUFFIX = '.box';
const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW = 0 } = constants;

/** The part of the header that the creator of a box provides. */
export type BoxDescription = Pick<BoxHeader, 'service' | 'flushMillis' | 'capacity' | 'maxAgeMillis'>;

/**
 * The file of a box. All of its bytes are written at creation, so that a full disk is detected then and not
 * later. Writes go to the page cache, which survives the process; the file is never synced.
 */
export class BoxFile {
  readonly path: string;
  readonly blocks: number;
  #header: BoxHeader;
  #revision = 0;
  #descriptor: number | undefined;

  /** @throws if the directory or the file cannot be created, or if the disk is full */
  constructor(directory: string, bytes: number, description: BoxDescription) {
    this.blocks = Math.max(2, Math.floor((bytes - BLOCKS_AT) / BLOCK_BYTES));
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex');
    this.#header = {
      ...description,
      ...{
        id,
        pid: process.pid,
        thread: process.getBuiltinModule('node:worker_threads').threadId,
        madeMillis: Date.now(),
        blocks: this.blocks,
        resources: [],
      },
      ...{ processMark: processMark(process.pid), pidNamespace: pidNamespace() },
    };
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const name = `${fileName(description.service)}-${process.pid}-${this.#header.madeMillis}-${id.slice(0, 8)}`;
    this.path = join(directory, `${name}${BOX_SUFFIX}`);
    this.#descriptor = openSync(this.path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, 0o600);
    try {
      // The umask may have cleared permission bits.
      fchmodSync(this.#descriptor, 0o600);
      const zeros = Buffer.alloc(BLOCK_BYTES);
      for (let at = 0; at < BLOCKS_AT; at += HEADER_BYTES) this.write(zeros, 0, HEADER_BYTES, at);
      for (let block = 0; block < this.blocks; block += 1) {
        this.write(zeros, 0, BLOCK_BYTES, BLOCKS_AT + block * BLOCK_BYTES);
      }
      this.#writeHeader();
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  get id(): string {
    return this.#header.id;
  }

  /** @throws if the write fails */
  write(bytes: Buffer, from: number, to: number, position: number): void {
    if (this.#descriptor === undefined) return;
    for (let at = from; at < to; )
      at += writeSync(this.#descriptor, bytes, at, to - at, position + at - from);
  }

  /** Sets the resources that frames reference by index. @throws if the write fails */
  setResources(resources: BoxHeader['resources']): void {
    this.#header = { ...this.#header, resources };
    this.#writeHeader();
  }

  /** @throws if the file was removed or truncated, since nothing written to it could be recovered */
  check(): void {
    if (this.#descriptor === undefined) return;
    const { nlink, size } = fstatSync(this.#descriptor);
    if (nlink === 0) throw new Error('the file was removed');
    if (size < BLOCKS_AT + this.blocks * BLOCK_BYTES) throw new Error('the file was truncated');
  }

  /** Closes the file and keeps it for recovery. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** Truncates, closes and removes the file. Never throws. */
  remove(): void {
    for (const step of [
      () => this.#descriptor !== undefined && ftruncateSync(this.#descriptor, 0),
      () => this.close(),
      () => unlinkSync(this.path),
    ]) {
      try {
        step();
      } catch {
        // The file was removed or claimed in the meantime.
      }
    }
  }

  /** Overwrites the older of the two headers, so that one of them is always complete. */
  #writeHeader(): void {
    this.#revision += 1;
    const bytes = encodeHeader(this.#header, this.#revision);
    this.write(bytes, 0, bytes.length, (this.#revision % HEADERS) * HEADER_BYTES);
  }
}

/** Returns a service name in a form that is valid in a file name. */
export function fileName(service: string): string {
  return service.replace(/[^A-Za-z0-9._]+/g, '_').slice(0, 64) || '_';
}
