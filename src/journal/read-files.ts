import type { Files, OpenFile } from './files.ts';

const MAX_IDLE = 8;

interface SharedFile {
  readonly file: Promise<OpenFile>;
  users: number;
  /** The file is closed when its last user is done. */
  isClosing: boolean;
}

/** Open files that sinks read from, shared by all sinks. A few stay open while idle. */
export class ReadFiles {
  readonly #files: Files;
  readonly #shared = new Map<string, SharedFile>();

  constructor(files: Files) {
    this.#files = files;
  }

  /** Calls `use` with the open file. @throws what opening or `use` throws; ENOENT if the file was trimmed */
  async with<T>(path: string, use: (file: OpenFile) => Promise<T>): Promise<T> {
    const shared = this.#shared.get(path) ?? {
      file: this.#files.openToRead(path),
      users: 0,
      isClosing: false,
    };
    this.#shared.delete(path);
    this.#shared.set(path, shared);
    shared.users += 1;
    try {
      return await use(await shared.file);
    } catch (error) {
      shared.isClosing = true;
      throw error;
    } finally {
      shared.users -= 1;
      if (shared.isClosing) this.#drop(path, shared);
      this.#shrink();
    }
  }

  /** Closes a file that was removed from its directory. */
  forget(path: string): void {
    const shared = this.#shared.get(path);
    if (shared === undefined) return;
    shared.isClosing = true;
    this.#drop(path, shared);
  }

  close(): void {
    for (const path of [...this.#shared.keys()]) this.forget(path);
  }

  #shrink(): void {
    for (const [path, shared] of this.#shared) {
      if (this.#shared.size <= MAX_IDLE) return;
      if (shared.users === 0) this.#drop(path, shared);
    }
  }

  #drop(path: string, shared: SharedFile): void {
    if (this.#shared.get(path) === shared) this.#shared.delete(path);
    if (shared.users > 0) return;
    shared.file.then((file) => file.close()).catch(() => {});
  }
}
