import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { JournalEntry, OwnLog, Sink } from '../../component/index.ts';
import { rejectedError } from '../../component/index.ts';
import { type Clock, errorText, Severity, systemClock } from '../../record/index.ts';
import { compressFile } from './compress-file.ts';
import { type BadEntries, FileLines } from './file-lines.ts';
import { type FileState, parseFileState } from './file-state.ts';
import { LogFile } from './log-file.ts';
import type { FileSinkOptions, FileSinkTools } from './options.ts';
import { moveAway, prune, rotatedFiles, siblings } from './rotated-files.ts';

/** The mode of the file for each value of the option `mode`. */
const modes = { owner: 0o600, group: 0o640, all: 0o644 } as const;
const LINE_BREAK = Buffer.from('\n');

/**
 * Writes records to a file: a line of OTLP/JSON per batch, or a line of text per record. Rotates the file by
 * size and age, compresses and removes old files.
 *
 * Exactly once across any end of the daemon: the state contains the file and the offset up to which it is
 * valid, and `open` truncates what lies beyond it, even if the file was rotated in the meantime. Therefore
 * nothing is written to a file before a state that contains it is stored (`prepare`). A file without a known
 * state is never truncated, only appended to.
 *
 * If another program (logrotate) removes or moves the file, the sink notices before the next write and
 * creates it again. With `copytruncate` the sink continues in the file, but data that was written between the
 * copy and the truncation is lost, as with any program.
 *
 * On a full disk `write` fails; the partial line is truncated before the next attempt.
 */
export class FileSink implements Sink {
  readonly #options: FileSinkOptions;
  readonly #log: OwnLog;
  readonly #clock: Clock;
  readonly #path: string;
  readonly #mode: number;
  readonly #lines: FileLines;
  readonly #closing = new AbortController();
  readonly #counters = { rotations: 0, rotation_failures: 0 };
  #file: LogFile | undefined;
  /** The state that `prepare` or `write` returned last. */
  #reported: FileState | undefined;
  /** Whether old files must be compressed and removed. */
  #isTidyDue = true;
  #tidying: Promise<void> = Promise.resolve();

  constructor(options: FileSinkOptions, { log, clock = systemClock }: FileSinkTools) {
    this.#options = options;
    this.#log = log;
    this.#clock = clock;
    const { format, path, mode } = options;
    this.#mode = modes[mode];
    this.#path = resolve(path);
    this.#lines = new FileLines(format);
  }

  async open(state: unknown): Promise<void> {
    await this.#makeDirectory();
    const known = parseFileState(state);
    if (known !== undefined) await this.#find(known);
    this.#file ??= await LogFile.open(this.#path, this.#mode, this.#clock);
  }

  async prepare(): Promise<FileState | undefined> {
    this.#file ??= await this.#begin();
    const { rotate } = this.#options;
    const change = await this.#file.settle();
    if (!(await this.#file.isAt(this.#path))) {
      this.#warn(`${this.#path} was moved or removed by another program; a new file is created`);
      this.#file = await this.#replace(this.#file);
    } else if (change !== undefined) {
      this.#warn(`${this.#path} was ${change} by another program`);
    }
    const { offset, ageMillis } = this.#file;
    const isLarge = rotate.maxBytes > 0 && offset >= rotate.maxBytes;
    const isOld = rotate.maxAgeMillis > 0 && ageMillis >= rotate.maxAgeMillis;
    if (offset > 0 && (isLarge || isOld)) await this.#rotate();
    const now = this.#file.state;
    const reported = this.#reported;
    if (reported?.inode === now.inode && reported.born === now.born && reported.offset === now.offset)
      return undefined;
    this.#reported = now;
    return now;
  }

  async write(entries: readonly JournalEntry[], signal: AbortSignal): Promise<FileState> {
    if (this.#file === undefined || this.#file.isDirty) await this.prepare();
    const file = this.#file!;
    if (this.#isTidyDue) this.#tidy();
    file.begin();
    const bad = await this.#append(file, entries, signal);
    await file.commit(this.#options.fsync === 'always');
    this.#reported = file.state;
    if (bad.indexes.length > 0) throw rejectedError('malformed', bad.message, bad.indexes, this.#reported);
    return this.#reported;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the sink is closing'));
    const file = this.#file;
    this.#file = undefined;
    await this.#tidying;
    await file?.close();
  }

  counters(): Readonly<Record<string, number>> {
    return this.#counters;
  }

  async #append(file: LogFile, entries: readonly JournalEntry[], signal: AbortSignal): Promise<BadEntries> {
    const bad = { indexes: [], message: '' };
    if (file.endsInMidLine) await file.append(LINE_BREAK);
    for await (const bytes of this.#lines.lines(entries, bad, signal)) await file.append(bytes);
    return bad;
  }

  /** Searches for the file of a state under its own name and under the names of rotated files. */
  async #find(known: FileState): Promise<void> {
    const own = await LogFile.reopen(this.#path, known, this.#clock);
    if (own !== undefined) {
      this.#file = own;
      this.#reported = known;
      return;
    }
    for (const name of await siblings(this.#path)) {
      const moved = await LogFile.reopen(join(dirname(this.#path), name), known, this.#clock);
      if (moved === undefined) continue;
      await moved.close();
      return;
    }
    if (known.offset > 0)
      this.#warn(`the file that was written last is not at ${this.#path}; nothing was truncated`);
  }

  /** Creates the directory. Users who may read the file may also enter a directory that is created for it. */
  async #makeDirectory(): Promise<void> {
    const mode = this.#mode;
    const directory = dirname(this.#path);
    const entered = 0o700 | (mode & 0o077) | ((mode & 0o044) >> 2);
    const made = await mkdir(directory, { recursive: true, mode: entered & ~0o022 });
    if (made !== undefined) await chmod(directory, entered & ~0o022);
  }

  async #begin(): Promise<LogFile> {
    await this.#makeDirectory();
    return await LogFile.open(this.#path, this.#mode, this.#clock);
  }

  async #replace(old: LogFile): Promise<LogFile> {
    this.#file = undefined;
    await old.close();
    return await this.#begin();
  }

  async #rotate(): Promise<void> {
    const file = this.#file!;
    await moveAway(this.#path, this.#clock.now());
    this.#file = await this.#replace(file);
    this.#counters.rotations += 1;
    this.#isTidyDue = true;
  }

  /** Compresses and removes old files in the background, after the state of the new file is stored. */
  #tidy(): void {
    this.#isTidyDue = false;
    const { rotate } = this.#options;
    const mode = this.#mode;
    const { signal } = this.#closing;
    const tidy = async () => {
      await prune(this.#path, rotate.keep);
      if (!rotate.gzip) return;
      for (const { path, isCompressed } of await rotatedFiles(this.#path)) {
        if (isCompressed || signal.aborted) continue;
        await compressFile(path, mode, signal);
      }
    };
    this.#tidying = this.#tidying.then(tidy).catch((error: unknown) => {
      if (signal.aborted) return;
      this.#counters.rotation_failures += 1;
      this.#warn(`an old file of ${this.#path} could not be compressed or removed: ${errorText(error)}`);
    });
  }

  #warn(message: string): void {
    this.#log.emit(Severity.WARN, `file sink: ${message}`);
  }
}
