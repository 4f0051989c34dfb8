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

/** What a box's name ends with. */
export const BOX_SUFFIX = '.box';
const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW = 0 } = constants;

/** What the maker of a box says of it. */
export type BoxDescription = Pick<BoxHeader, 'service' | 'flushMillis' | 'capacity' | 'maxAgeMillis'>;

/**
 * The file of a box. All of its bytes are written when it is made, so that a full disk shows then and not
 * later. What is written lies in the page cache, which survives the process; nothing is ever synced.
 */
export class BoxFile {
  readonly path: string;
  readonly blocks: number;
  #header: BoxHeader;
  #revision = 0;
  #descriptor: number | undefined;

  /** @throws when the directory or the file cannot be made, or the disk is full */
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
      // The umask may have taken bits away.
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

  /** @throws when the system refuses */
  write(bytes: Buffer, from: number, to: number, position: number): void {
    if (this.#descriptor === undefined) return;
    for (let at = from; at < to; )
      at += writeSync(this.#descriptor, bytes, at, to - at, position + at - from);
  }

  /** The resources that frames name by their place in this list. @throws when the system refuses */
  setResources(resources: BoxHeader['resources']): void {
    this.#header = { ...this.#header, resources };
    this.#writeHeader();
  }

  /** @throws when somebody has removed or truncated the file: nobody would find what is written to it */
  check(): void {
    if (this.#descriptor === undefined) return;
    const { nlink, size } = fstatSync(this.#descriptor);
    if (nlink === 0) throw new Error('the file was removed');
    if (size < BLOCKS_AT + this.blocks * BLOCK_BYTES) throw new Error('the file was truncated');
  }

  /** Leaves the file to whoever recovers it. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** Nothing is left. Never throws. */
  remove(): void {
    for (const step of [
      () => this.#descriptor !== undefined && ftruncateSync(this.#descriptor, 0),
      () => this.close(),
      () => unlinkSync(this.path),
    ]) {
      try {
        step();
      } catch {
        // Somebody has taken it.
      }
    }
  }

  /** Into the header that does not count now: one of the two is always whole. */
  #writeHeader(): void {
    this.#revision += 1;
    const bytes = encodeHeader(this.#header, this.#revision);
    this.write(bytes, 0, bytes.length, (this.#revision % HEADERS) * HEADER_BYTES);
  }
}

/** A service's name as a part of a file name. */
export function fileName(service: string): string {
  return service.replace(/[^A-Za-z0-9._]+/g, '_').slice(0, 64) || '_';
}
