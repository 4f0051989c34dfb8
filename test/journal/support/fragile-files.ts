import { basename, dirname } from 'node:path';
import type { Files, OpenDirectory, OpenFile } from '../../../src/journal/index.ts';

interface Inode {
  content: Buffer;
  durable: Buffer;
  /** Pages that a sync must still write to disk. */
  readonly dirty: Set<number>;
}

/** The steps of the journal, in order. */
export interface Step {
  readonly number: number;
  readonly kind: 'create' | 'writev' | 'datasync' | 'truncate' | 'rename' | 'unlink' | 'syncDirectory';
  readonly name: string;
}

const PAGE_BYTES = 512;

/**
 * A file system in memory that can lose unsynced data at a crash: for every page, name and length either the
 * old or the new state survives, as in a disk's cache. Each step can be made to fail. As on Linux, a failed
 * sync leaves pages that count as written although the disk never got them.
 */
export class FragileFiles implements Files {
  readonly #names: Map<string, Inode>;
  #durableNames: Map<string, Inode>;
  #steps = 0;
  freeAmount = Number.MAX_SAFE_INTEGER;
  /** Called before each step that changes something; what it throws is the step's error. */
  before: (step: Step) => void = () => {};
  /** Awaited before each step, so that a test can block the disk. */
  gate: Promise<void> = Promise.resolve();
  /** The error of opening a file to read. */
  openingFails: Error | undefined;
  /** Set at a crash: the process that used these files has ended. */
  dead = false;
  /** Open files and directories, by path, one entry for each open handle. */
  readonly open: string[] = [];
  /** How often a file was read from. */
  reads = 0;

  constructor(names: Map<string, Inode> = new Map()) {
    this.#names = names;
    this.#durableNames = new Map(names);
  }

  get steps(): number {
    return this.#steps;
  }

  /**
   * The state of the disk after a power failure. @param chance from 0 up to 1; below one half: the old state
   */
  crash(chance: () => number): FragileFiles {
    this.dead = true;
    const names = new Map<string, Inode>();
    for (const path of new Set([...this.#names.keys(), ...this.#durableNames.keys()])) {
      const [was, is] = [this.#durableNames.get(path), this.#names.get(path)];
      const inode = was !== is && chance() < 0.5 ? was : is;
      if (inode !== undefined) names.set(path, settled(inode, chance));
    }
    return new FragileFiles(names);
  }

  /** The state after the process was killed: everything that was written, synced or not. */
  killed(): FragileFiles {
    this.dead = true;
    return new FragileFiles(
      new Map(
        [...this.#names].map(([path, { content }]) => {
          const copy = Buffer.from(content);
          return [path, { content: copy, durable: copy, dirty: new Set<number>() }];
        }),
      ),
    );
  }

  names(): string[] {
    return [...this.#names.keys()].map((path) => basename(path)).sort();
  }

  segments(): string[] {
    return this.names().filter((name) => name.endsWith('.segment'));
  }

  remove(name: string): void {
    for (const path of this.#names.keys()) if (basename(path) === name) this.#names.delete(path);
    this.#durableNames = new Map(this.#names);
  }

  bytesOf(name: string): Buffer {
    for (const [path, { content }] of this.#names) if (basename(path) === name) return content;
    throw new Error(`no file ${name}`);
  }

  /** Changes the content of a file, as a failing disk does. */
  replace(name: string, content: Buffer): void {
    for (const [path, inode] of this.#names) {
      if (basename(path) !== name) continue;
      inode.content = content;
      inode.durable = content;
    }
  }

  async makeDirectory(): Promise<void> {}

  async list(directory: string): Promise<readonly string[]> {
    return [...this.#names.keys()]
      .filter((path) => dirname(path) === directory)
      .map((path) => basename(path));
  }

  async create(path: string): Promise<OpenFile> {
    const inode: Inode = { content: Buffer.alloc(0), durable: Buffer.alloc(0), dirty: new Set() };
    await this.#step('create', path, () => {
      if (this.#names.has(path)) throw Object.assign(new Error('exists'), { code: 'EEXIST' });
      this.#names.set(path, inode);
    });
    return this.#open(path, inode);
  }

  async openToWrite(path: string): Promise<OpenFile> {
    return this.openToRead(path);
  }

  async openToRead(path: string): Promise<OpenFile> {
    if (this.openingFails !== undefined) throw this.openingFails;
    const inode = this.#names.get(path);
    if (inode === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    return this.#open(path, inode);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#step('rename', to, () => {
      const inode = this.#names.get(from)!;
      this.#names.delete(from);
      this.#names.set(to, inode);
    });
  }

  unlink(path: string): Promise<void> {
    return this.#step('unlink', path, () => {
      if (!this.#names.delete(path)) throw Object.assign(new Error('missing'), { code: 'ENOENT' });
    });
  }

  async openDirectory(path: string): Promise<OpenDirectory> {
    const sync = () =>
      this.#step('syncDirectory', path, () => {
        this.#durableNames = new Map(this.#names);
      });
    return { sync, close: this.#opened(path) };
  }

  async freeBytes(): Promise<number> {
    return this.freeAmount;
  }

  #open(path: string, inode: Inode): OpenFile {
    const write = (bytes: Buffer, position: number) => {
      const content = Buffer.alloc(Math.max(inode.content.length, position + bytes.length));
      inode.content.copy(content);
      bytes.copy(content, position);
      inode.content = content;
      const end = position + bytes.length;
      for (let page = Math.floor(position / PAGE_BYTES); page * PAGE_BYTES < end; page += 1) {
        inode.dirty.add(page);
      }
    };
    const close = this.#opened(path);
    return {
      read: async (target, length, position) => {
        this.reads += 1;
        const piece = inode.content.subarray(position, position + length);
        target.set(piece);
        return piece.length;
      },
      writev: async (parts, position) => {
        const bytes = Buffer.concat(parts);
        // A part is written before the write fails.
        const half = () => write(bytes.subarray(0, Math.floor(bytes.length / 2)), position);
        await this.#step('writev', path, () => write(bytes, position), half);
        return bytes.length;
      },
      datasync: () =>
        this.#step(
          'datasync',
          path,
          () => synced(inode),
          () => inode.dirty.clear(),
        ),
      truncate: (length) =>
        this.#step('truncate', path, () => {
          const content = Buffer.alloc(length);
          inode.content.copy(content);
          inode.content = content;
        }),
      size: async () => inode.content.length,
      close,
    };
  }

  /** @returns a function that closes it, once */
  #opened(path: string): () => Promise<void> {
    this.open.push(path);
    let isOpen = true;
    return async () => {
      if (!isOpen) throw Object.assign(new Error(`closed twice: ${path}`), { code: 'EBADF' });
      isOpen = false;
      this.open.splice(this.open.indexOf(path), 1);
    };
  }

  async #step(kind: Step['kind'], path: string, effect: () => void, failing = () => {}): Promise<void> {
    await this.gate;
    // The process has ended: its next steps never happen, and it gets no results.
    if (this.dead) await new Promise(() => {});
    this.#steps += 1;
    try {
      this.before({ number: this.#steps, kind, name: basename(path) });
    } catch (error) {
      failing();
      throw error;
    }
    effect();
  }
}

function synced(inode: Inode): void {
  const durable = Buffer.alloc(inode.content.length);
  inode.durable.copy(durable);
  for (const page of inode.dirty) {
    if (page * PAGE_BYTES >= durable.length) continue;
    inode.content.copy(durable, page * PAGE_BYTES, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  }
  inode.durable = durable;
  inode.dirty.clear();
}

function settled({ content, durable }: Inode, chance: () => number): Inode {
  const length = content.length !== durable.length && chance() < 0.5 ? durable.length : content.length;
  const result = Buffer.alloc(length);
  for (let at = 0; at < length; at += PAGE_BYTES) {
    const [was, is] = [durable.subarray(at, at + PAGE_BYTES), content.subarray(at, at + PAGE_BYTES)];
    const page = !was.equals(is) && chance() < 0.5 ? was : is;
    page.copy(result, at, 0, Math.min(page.length, length - at));
  }
  return { content: result, durable: result, dirty: new Set() };
}
