import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorText } from '../record/index.ts';

/**
 * Not imported: webpack, and so Next.js, would replace the calls, because it cannot resolve their arguments.
 */
const { createRequire } = process.getBuiltinModule('node:module');

type Require = ReturnType<typeof createRequire>;

/** Packages that depend on others of OpenTelemetry, which npm may have installed below them. */
const SDKS: readonly string[] = [
  '@opentelemetry/sdk-logs',
  '@opentelemetry/sdk-node',
  '@opentelemetry/sdk-trace-node',
  '@opentelemetry/auto-instrumentations-node',
];

/**
 * Loads the packages that the application has installed, from the locations that the application can use:
 * next to its entry file, in the working directory, next to this package, and below the OpenTelemetry SDK.
 *
 * `need()` collects missing packages, so that one message can list all of them.
 */
export class Packages {
  readonly #places: readonly Require[];
  readonly #report: (message: string) => void;
  readonly #missing = new Map<string, string>();
  #belowSdks: readonly Require[] | undefined;

  /** @param entry the application's entry file, if it is known */
  constructor(entry: string | undefined, report: (message: string) => void) {
    const places = [entry, join(process.cwd(), 'package.json'), ownFile()];
    this.#places = [...new Set(places)].filter((place) => place !== undefined).map(createRequire);
    this.#report = report;
  }

  /** Returns the path of a package; undefined if it is not installed. */
  find(name: string): string | undefined {
    return firstOf(this.#everywhere(name), (require) => require.resolve(name));
  }

  /** @returns the package; undefined if it is not installed or fails to load; a failure is reported */
  load<T>(name: string): T | undefined {
    const path = this.find(name);
    if (path === undefined) return undefined;
    try {
      return this.#places[0]!(path) as T;
    } catch (error) {
      this.#report(`${name} could not be loaded: ${errorText(error)}`);
      return undefined;
    }
  }

  /** Like `load`, but adds a missing package to the message of `missing()`. */
  need<T>(name: string, consequence: string): T | undefined {
    if (this.find(name) === undefined) this.#missing.set(name, consequence);
    return this.load<T>(name);
  }

  /**
   * Returns one message about all packages that `need()` did not find, with the command that installs them.
   */
  missing(): string | undefined {
    if (this.#missing.size === 0) return undefined;
    const each = [...this.#missing].map(([name, consequence]) => `${name} (${consequence})`).join(', ');
    return `not installed: ${each}; to install: npm i ${[...this.#missing.keys()].join(' ')}`;
  }

  /** Whether a module of the package has already been loaded. */
  isLoaded(name: string): boolean {
    const part = join('node_modules', name, '/');
    return Object.keys(this.#places[0]!.cache).some((path) => path.includes(part));
  }

  #everywhere(name: string): readonly Require[] {
    if (SDKS.includes(name)) return this.#places;
    this.#belowSdks ??= SDKS.flatMap((sdk) => {
      const path = firstOf(this.#places, (require) => require.resolve(sdk));
      return path === undefined ? [] : [createRequire(path)];
    });
    return [...this.#places, ...this.#belowSdks];
  }
}

/** The parts of a package.json that are read. */
export interface Manifest {
  readonly name?: string;
  readonly type?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Reads the nearest package.json at or above a path. */
export function manifestAbove(path: string): Manifest | undefined {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    } catch {
      // Missing or unreadable: continues with the parent.
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function firstOf(places: readonly Require[], look: (require: Require) => string): string | undefined {
  for (const require of places) {
    try {
      return look(require);
    } catch {
      // Not found from this location.
    }
  }
  return undefined;
}

/** Returns this module as URL or path: `import.meta` does not exist in CommonJS, `__filename` only there. */
function ownFile(): string | undefined {
  const { prepareStackTrace } = Error;
  try {
    Error.prepareStackTrace = (_error, sites) => sites[0]?.getFileName() ?? undefined;
    return new Error().stack;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}
