import { unwatchFile, watchFile } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { VerbosityRule } from '../burst/index.ts';
import type { Burstlog } from './options.ts';
import type { FileRule, FileRules } from './verbosity-rules.ts';

/** How often the file is looked at. Not `fs.watch()`, which misses what NFS and Kubernetes' volumes replace. */
const INTERVAL_MILLIS = 1_000;
const MAX_BYTES = 65_536;
/** Problems of one file that are reported. */
const MAX_PROBLEMS = 5;

/** What a file was found to say. */
interface Contents {
  readonly text: string;
  readonly changedMillis: number;
}

/**
 * Rules of verbosity from a file that is watched. The time of a rule counts from the moment when the file was
 * written, so that a restart does not renew it.
 *
 * - **Wrong content**: is reported with its place, and the rules that hold stay.
 * - **No file**: no rules, until there is one.
 * - **Stops**: `end()` stops watching; it keeps no process alive.
 */
export class VerbosityFile {
  readonly #path: string;
  readonly #burst: Pick<Burstlog, 'configure'>;
  readonly #report: (message: string) => void;
  readonly #listener = () => void this.#read();
  #ends: readonly (() => void)[] = [];
  /** What holds. */
  #rules: FileRules = { rules: [], problems: [] };
  #changedMillis = 0;
  #last: Contents | undefined;
  /** Counts looks at the file: of several at once only the last one counts. */
  #looks = 0;
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
    this.#looks += 1;
    const look = this.#looks;
    try {
      const contents = await contentsOf(this.#path);
      const { text, changedMillis } = contents;
      if (text === this.#last?.text && changedMillis === this.#last.changedMillis) return;
      // It brings the parser of YAML, which an application without such a file need not load.
      const { rulesIn } = await import('./verbosity-rules.ts');
      if (this.#isEnded || look !== this.#looks) return;
      this.#last = contents;
      this.#take(rulesIn(text), changedMillis);
    } catch (error) {
      if (this.#isEnded || look !== this.#looks) return;
      this.#report(`${this.#path} cannot be read, so the levels stay: ${(error as Error).message}`);
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
      this.#report(`${this.#path}:${at}: ${message}; the levels stay as they are`);
    }
    if (read.problems.length === 0) this.#hold(this.#rules.rules, this.#changedMillis);
  }

  /** Puts rules in the place of those that hold. @returns what is wrong with one of them; then none holds */
  #hold(rules: readonly FileRule[], changedMillis: number): FileRules['problems'] {
    this.#endAll();
    const agedMillis = Math.max(0, Date.now() - changedMillis);
    const ends: (() => void)[] = [];
    this.#ends = ends;
    // Of several calls the last one goes first.
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

/** A rule with the time that is left of it; undefined if it is over. */
function remaining(rule: VerbosityRule, agedMillis: number): VerbosityRule | undefined {
  const forMillis = (rule.forMillis ?? DEFAULT_FOR_MILLIS) - agedMillis;
  return forMillis >= 1 ? { ...rule, forMillis } : undefined;
}

/** No file is an empty one. */
async function contentsOf(path: string): Promise<Contents> {
  try {
    const file = await open(path);
    try {
      const { size, mtimeMs } = await file.stat();
      if (size > MAX_BYTES) throw new Error(`it must have at most ${MAX_BYTES} bytes, got ${size}`);
      return { text: await file.readFile('utf8'), changedMillis: mtimeMs };
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { text: '', changedMillis: 0 };
  }
}
