/** A position in the text of the configuration; both numbers start at 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One error in a configuration. Never contains a secret. */
export interface ConfigError extends Position {
  readonly fileName: string;
  /** The key, from the top: `sinks.archive.rotate.maxBytes`; empty for the file as a whole. */
  readonly path: string;
  /** The expected and the actual value, or the values that conflict. */
  readonly message: string;
}

/** `distlogd.yaml:12:5: sinks.archive.rotate.maxBytes: must be a size of at least 1MiB, got "ten"` */
export function formatConfigError(error: ConfigError): string {
  const path = error.path === '' ? '' : `${error.path}: `;
  return `${error.fileName}:${error.line}:${error.column}: ${path}${error.message}`;
}

/** Collects errors, up to a limit. */
export class ConfigErrors {
  static readonly MAX = 200;
  readonly #fileName: string;
  readonly #found: ConfigError[] = [];
  #more = 0;

  constructor(fileName: string) {
    this.#fileName = fileName;
  }

  get none(): boolean {
    return this.#found.length === 0;
  }

  add(at: Position, path: string, message: string): void {
    if (this.#found.length >= ConfigErrors.MAX) {
      this.#more += 1;
      return;
    }
    this.#found.push({ fileName: this.#fileName, line: at.line, column: at.column, path, message });
  }

  /** In the order of the text. */
  all(): readonly ConfigError[] {
    const sorted = this.#found.toSorted((a, b) => a.line - b.line || a.column - b.column);
    if (this.#more === 0) return sorted;
    const last = sorted.at(-1)!;
    return [...sorted, { ...last, path: '', message: `${this.#more} more errors are not shown` }];
  }
}
