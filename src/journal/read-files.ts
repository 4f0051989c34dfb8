import type { Files, OpenFile } from './files.ts';

const MAX_IDLE = 8;

interface Held {
  readonly file: Promise<OpenFile>;
  users: number;
  /** To be closed as soon as nobody reads it. */
  leaving: boolean;
}

/** Files that sinks read from, shared among them. A few stay open while nobody reads. */
export class ReadFiles {
  readonly #files: Files;
  readonly #held = new Map<string, Held>();

  constructor(files: Files) {
    this.#files = files;
  }

  /** Calls `use` with the open file. @throws what opening or `use` throws; ENOENT if it was trimmed */
  async with<T>(path: string, use: (file: OpenFile) => Promise<T>): Promise<T> {
    const held = this.#held.get(path) ?? { file: this.#files.openToRead(path), users: 0, leaving: false };
    this.#held.delete(path);
    this.#held.set(path, held);
    held.users += 1;
    try {
      return await use(await held.file);
    } catch (error) {
      held.leaving = true;
      throw error;
    } finally {
      held.users -= 1;
      if (held.leaving) this.#drop(path, held);
      this.#shrink();
    }
  }

  /** The file is gone from its directory. */
  forget(path: string): void {
    const held = this.#held.get(path);
    if (held === undefined) return;
    held.leaving = true;
    this.#drop(path, held);
  }

  close(): void {
    for (const path of [...this.#held.keys()]) this.forget(path);
  }

  #shrink(): void {
    for (const [path, held] of this.#held) {
      if (this.#held.size <= MAX_IDLE) return;
      if (held.users === 0) this.#drop(path, held);
    }
  }

  #drop(path: string, held: Held): void {
    if (this.#held.get(path) === held) this.#held.delete(path);
    if (held.users > 0) return;
    held.file.then((file) => file.close()).catch(() => {});
  }
}
