import { pathToFileURL } from 'node:url';
import { types } from 'node:util';

/** What may be bound to a parameter. */
export type Bound = number | string | Uint8Array | null;
/** A row by the names of its columns. */
export type Row = Readonly<Record<string, Bound>>;

/** A prepared statement. Parameters are `?`, bound by their place. */
export interface Statement {
  /** @throws TypeError for a value that must not be bound, or a wrong number of them */
  run(...values: readonly Bound[]): void;
  all(...values: readonly Bound[]): readonly Row[];
}

/** An open SQLite file. All calls are synchronous. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

/** The SQLite that this process has. */
export interface Driver {
  readonly name: 'node:sqlite' | 'libsql';
  /** @param mode `existing`: it is an error if there is no such file, and none is made */
  open(path: string, mode: 'create' | 'existing'): Database;
}

/** What both drivers have in common. */
interface NativeStatement {
  run(...values: readonly unknown[]): unknown;
  all(...values: readonly unknown[]): unknown;
}
interface NativeDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): NativeStatement;
  close(): unknown;
}
type DatabaseClass = new (path: string) => NativeDatabase;

/** SQLite's result codes that are handled. */
const ERROR = 1;
const CORRUPT = 11;
const CONSTRAINT = 19;
const NOT_A_DATABASE = 26;

/**
 * Finds SQLite with full-text search: `node:sqlite` where Node.js has it without a flag (from 22.13 on), else the package
 * `libsql`, which also runs on Node.js 20.
 *
 * libsql ends the whole process, uncatchably, on some values (a boolean, one buffer in place of the list of parameters)
 * and on some damaged files; it accepts a wrong number of parameters, and cuts texts at a NUL. So only checked values are
 * bound, and files are only opened in processes that may end.
 *
 * @throws (rejects) with what to install
 */
export async function loadDriver(): Promise<Driver> {
  const builtIn = process.getBuiltinModule('node:sqlite') as { DatabaseSync: DatabaseClass } | undefined;
  if (builtIn !== undefined) return driver('node:sqlite', builtIn.DatabaseSync);
  try {
    const { default: libsql } = (await import('libsql')) as unknown as { default: DatabaseClass };
    return driver('libsql', libsql);
  } catch (error) {
    const { version } = process;
    throw new Error(
      `a store needs SQLite, which Node.js has from 22.13 on (this is ${version}): npm install libsql`,
      { cause: error },
    );
  }
}

/**
 * Whether an error means that a file is damaged, or is no database. The statements of a store are valid for its tables
 * and violate none of their constraints, so if SQLite rejects one, the tables are not what they were. If SQLite has no
 * full-text search, the file is not the cause.
 */
export function isCorrupt(error: unknown): boolean {
  const code = resultCode(error);
  if (code === ERROR) return (error as Error).message !== 'no such module: fts5';
  return [CORRUPT, CONSTRAINT, NOT_A_DATABASE].includes(code);
}

/** Whether SQLite rejects a statement, or a value in it such as an expression of FTS5. */
export function isRejected(error: unknown): boolean {
  return resultCode(error) === ERROR;
}

/** SQLite's primary result code; 0: the error is none of SQLite's. */
function resultCode(error: unknown): number {
  const { errcode, rawCode, message } = error as { errcode?: unknown; rawCode?: unknown; message?: unknown };
  if (typeof errcode === 'number') return errcode & 0xff;
  if (typeof rawCode === 'number') return rawCode & 0xff;
  // libsql: ConnectionFailed("Unable to open connection to local database file:…: 26")
  const code = /^ConnectionFailed\(.*: (\d+)"\)$/.exec(String(message))?.[1];
  return Number(code ?? 0) & 0xff;
}

function driver(name: Driver['name'], Native: DatabaseClass): Driver {
  return {
    name,
    open(path, mode) {
      const native = new Native(`${pathToFileURL(path).href}?mode=${mode === 'create' ? 'rwc' : 'rw'}`);
      return {
        exec: (sql) => void native.exec(sql),
        prepare: (sql) => statement(native.prepare(sql), sql, name),
        close: () => void native.close(),
      };
    },
  };
}

function statement(native: NativeStatement, sql: string, name: Driver['name']): Statement {
  const parameters = sql.split('?').length - 1;
  const checked = (values: readonly Bound[]) => {
    if (values.length !== parameters) {
      throw new TypeError(`expected ${parameters} parameters, got ${values.length}: ${sql}`);
    }
    for (const value of values) if (!isBound(value)) throw new TypeError(`cannot bind ${describe(value)}`);
    return values;
  };
  if (name === 'node:sqlite') {
    return {
      run: (...values) => void native.run(...checked(values)),
      all: (...values) => native.all(...checked(values)) as readonly Row[],
    };
  }
  // Always as one list: a single buffer would be taken for one.
  return {
    run: (...values) => void native.run(checked(values)),
    all: (...values) => native.all(checked(values)) as readonly Row[],
  };
}

/** A column of bytes: libsql has them as an ArrayBuffer. @returns undefined if it holds something else */
export function blobOf(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return value as Uint8Array;
  return types.isAnyArrayBuffer(value) ? new Uint8Array(value) : undefined;
}

function isBound(value: unknown): value is Bound {
  if (typeof value === 'string') return !value.includes('\0');
  return value === null || Number.isSafeInteger(value) || ArrayBuffer.isView(value);
}

function describe(value: unknown): string {
  return typeof value === 'string' ? 'a text with a NUL' : `${typeof value} ${String(value)}`;
}
