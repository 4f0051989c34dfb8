import { unwatchFile, watchFile } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { VerbosityRule } from '../burst/index.ts';
import type { Burstlog } from './options.ts';
import type { FileRule, FileRules } from './verbosity-rules.ts';

/** The polling interval. `fs.watch()` misses replaced files on NFS and in Kubernetes volumes. */
const INTERVAL_MILLIS = 1_000;
const MAX_BYTES = 65_536;
/** The maximum number of problems reported per file. */
const MAX_PROBLEMS = 5;

/** The content of a file and when it changed. */
interface Contents {
  readonly text: string;
  readonly changedMillis: number;
}

/**
 * Applies verbosity rules from a watched file. The duration of a rule starts when the file was written, so
 * that a restart does not renew it.
 *
 * - **Invalid content**: is reported with its position; the current rules remain.
 * - **No file**: no rules, until it exists.
 * - **Stops**: `end()` stops watching. The watcher does not keep the process alive.
 */
export class VerbosityFile {
  readonly #path: string;
  readonly #burst: Pick<Burstlog, 'configure'>;
  readonly #report: (message: string) => void;
  readonly #listener = () => void this.#read();
  #ends: readonly (() => void)[] = [];
  /** The rules that apply. */
  #rules: FileRules = { rules: [], problems: [] };
  #changedMillis = 0;
  #last: Contents | undefined;
  /** The number of reads started; only the result of the newest one is used. */
  #reads = 0;
  #isEnded = false;

  constructor(
    path: string,
    burst: Pick<Burstlog, 'configure'>,
    report: (message: string) => void,
    intervalMillis: number = INTERVAL_MILLIS,
  ) {
    this.#path = resolve(path);
    this.#burst = burst;
    this.#report = report;
    watchFile(this.#path, { persistent: false, interval: intervalMillis }, this.#listener);
    void this.#read();
  }

  end(): void {
    this.#isEnded = true;
    unwatchFile(this.#path, this.#listener);
  }

  /** Never rejects. */
  async #read(): Promise<void> {
    this.#reads += 1;
    const read = this.#reads;
    try {
      const contents = await contentsOf(this.#path);
      const { text, changedMillis } = contents;
      if (text === this.#last?.text && changedMillis === this.#last.changedMillis) return;
      // Loads the YAML parser, which an application without such a file does not need.
      const { rulesIn } = await import('./verbosity-rules.ts');
      if (this.#isEnded || read !== this.#reads) return;
      this.#last = contents;
      this.#take(rulesIn(text), changedMillis);
    } catch (error) {
      if (this.#isEnded || read !== this.#reads) return;
      this.#report(`${this.#path} cannot be read; the levels are unchanged: ${(error as Error).message}`);
    }
  }

  #take(read: FileRules, changedMillis: number): void {
    const problems = read.problems.length > 0 ? read.problems : this.#hold(read.rules, changedMillis);
    if (problems.length === 0) {
      this.#rules = read;
      this.#changedMillis = changedMillis;
      return;
    }
    for (const { at, message } of problems.slice(0, MAX_PROBLEMS)) {
      this.#report(`${this.#path}:${at}: ${message}; the levels are unchanged`);
    }
    if (read.problems.length === 0) this.#hold(this.#rules.rules, this.#changedMillis);
  }

  /** Replaces the current rules. @returns the problem of an invalid rule; then no rule applies */
  #hold(rules: readonly FileRule[], changedMillis: number): FileRules['problems'] {
    this.#endAll();
    const agedMillis = Math.max(0, Date.now() - changedMillis);
    const ends: (() => void)[] = [];
    this.#ends = ends;
    // A later call takes precedence, so the first rule is applied last.
    for (const { at, rule } of rules.toReversed()) {
      const left = remaining(rule, agedMillis);
      try {
        if (left !== undefined) ends.push(this.#burst.configure(left));
      } catch (error) {
        this.#endAll();
        return [{ at, message: (error as Error).message }];
      }
    }
    return [];
  }

  #endAll(): void {
    for (const end of this.#ends) end();
    this.#ends = [];
  }
}

const DEFAULT_FOR_MILLIS = 600_000;

/** Returns a rule with its remaining duration; undefined if it has expired. */
function remaining(rule: VerbosityRule, agedMillis: number): VerbosityRule | undefined {
  const forMillis = (rule.forMillis ?? DEFAULT_FOR_MILLIS) - agedMillis;
  return forMillis >= 1 ? { ...rule, forMillis } : undefined;
}

/** A missing file counts as empty. */
async function contentsOf(path: string): Promise<Contents> {
  try {
    const file = await open(path);
    try {
      const { size, mtimeMs } = await file.stat();
      if (size > MAX_BYTES) throw new Error(`the file must have at most ${MAX_BYTES} bytes, got ${size}`);
      return { text: await file.readFile('utf8'), changedMillis: mtimeMs };
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { text: '', changedMillis: 0 };
  }
}
