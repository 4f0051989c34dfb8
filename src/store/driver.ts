import { pathToFileURL } from 'node:url';
import { types } from 'node:util';

/** A value that may be bound to a parameter. */
export type Bound = number | string | Uint8Array | null;
/** A row as an object with the names of its columns. */
export type Row = Readonly<Record<string, Bound>>;

/** A prepared statement. Parameters are `?`, bound by position. */
export interface Statement {
  /** @throws TypeError for a value that must not be bound, or a wrong number of values */
  run(...values: readonly Bound[]): void;
  all(...values: readonly Bound[]): readonly Row[];
}

/** An open SQLite file. All calls are synchronous. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

/** The SQLite implementation of this process. */
export interface Driver {
  readonly name: 'node:sqlite' | 'libsql';
  /** @param mode `existing`: fails if the file does not exist, and does not create it */
  open(path: string, mode: 'create' | 'existing'): Database;
}

/** The common part of both drivers. */
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

/** The SQLite result codes that are handled. */
const ERROR = 1;
const CORRUPT = 11;
const CONSTRAINT = 19;
const NOT_A_DATABASE = 26;
const NOT_ABOUT_TABLES = /^no such module: fts5$|^cannot (?:start|commit|rollback) /;

/**
 * Finds a SQLite with full-text search: `node:sqlite` where Node.js has it without a flag (from 22.13), else
 * the package `libsql`, which also runs on Node.js 20.
 *
 * libsql aborts the whole process on some values (a boolean, one buffer instead of the list of parameters)
 * and on some damaged files. It also accepts a wrong number of parameters, and truncates texts at a NUL.
 * Therefore only checked values are bound, and files are opened only in processes that may end.
 *
 * @throws (rejects) an error that names the package to install
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
      `a store requires SQLite, which Node.js includes from 22.13 on (this is ${version}): npm install libsql`,
      { cause: error },
    );
  }
}

/**
/**
 * Whether an error means that a file is damaged, or is not a database. The statements of a store match its
 * tables and violate none of their constraints, so if SQLite rejects one, the tables were changed. If SQLite
 * has no full-text search, or a transaction is open that should not be, the file is not the cause.
 */
export function isCorrupt(error: unknown): boolean {
  const code = resultCode(error);
  if (code === ERROR) return !NOT_ABOUT_TABLES.test((error as Error).message);
  return [CORRUPT, CONSTRAINT, NOT_A_DATABASE].includes(code);
}

/** Whether SQLite rejects a statement, or a value in it such as an FTS5 expression. */
export function isRejected(error: unknown): boolean {
  return resultCode(error) === ERROR;
}

/** SQLite's primary result code; 0 if the error is not from SQLite. */
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
  // Always one list: libsql would take a single buffer for the list.
  return {
    run: (...values) => void native.run(checked(values)),
    all: (...values) => native.all(checked(values)) as readonly Row[],
  };
}

/**
 * The bytes of a column; libsql returns them as an ArrayBuffer. @returns undefined if it contains something
 * else
 */
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
