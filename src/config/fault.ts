/** A place in the configuration's text; both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with a configuration. Never holds a secret. */
export interface Fault extends Position {
  readonly fileName: string;
  /** The key, from the top: `sinks.archive.rotate.maxBytes`; empty for the file as a whole. */
  readonly path: string;
  /** What was wished and what was given, or what does not fit together. */
  readonly message: string;
}

/** `distlogd.yaml:12:5: sinks.archive.rotate.maxBytes: a size from 1MiB, got "ten"` */
export function formatFault(fault: Fault): string {
  const path = fault.path === '' ? '' : `${fault.path}: `;
  return `${fault.fileName}:${fault.line}:${fault.column}: ${path}${fault.message}`;
}

/** Collects faults, at most so many that a person still reads them. */
export class Faults {
  static readonly MAX = 200;
  readonly #fileName: string;
  readonly #found: Fault[] = [];
  #more = 0;

  constructor(fileName: string) {
    this.#fileName = fileName;
  }

  get none(): boolean {
    return this.#found.length === 0;
  }

  add(at: Position, path: string, message: string): void {
    if (this.#found.length >= Faults.MAX) {
      this.#more += 1;
      return;
    }
    this.#found.push({ fileName: this.#fileName, line: at.line, column: at.column, path, message });
  }

  /** In the order of the text. */
  all(): readonly Fault[] {
    const sorted = this.#found.toSorted((a, b) => a.line - b.line || a.column - b.column);
    if (this.#more === 0) return sorted;
    const last = sorted.at(-1)!;
    return [...sorted, { ...last, path: '', message: `${this.#more} more faults are not shown` }];
  }
}
