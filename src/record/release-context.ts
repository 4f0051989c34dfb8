import type { Context } from '@opentelemetry/api';

/**
 * The data that a task adds to its records. It is immutable: a task that binds more data creates a new
 * object.
 */
export interface TaskMarks {
  readonly id: string;
  readonly name: string;
  readonly parentId: string | undefined;
  readonly bound: Readonly<Record<string, unknown>>;
}

/** The data of a released record in addition to its fields. */
export interface Release {
  /** The data of the task in which the record was emitted. */
  readonly marks: TaskMarks | undefined;
  /** The sequence number of the record in that task. */
  readonly sequence: number;
}

/** A registered symbol, because a process may contain this package both as ES module and as CommonJS. */
const RELEASE: unique symbol = Symbol.for('burstlog.release') as never;

/**
 * The context of a record that was held before the SDK created it, and is now emitted. With it the processors
 * of this package recognize the record, and do not hold or number it again.
 */
export class ReleaseContext implements Context {
  readonly [RELEASE]: Release;
  readonly #base: Context;

  constructor(base: Context, release: Release) {
    this.#base = base;
    this[RELEASE] = release;
  }

  getValue(key: symbol): unknown {
    return this.#base.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new ReleaseContext(this.#base.setValue(key, value), this[RELEASE]);
  }

  deleteValue(key: symbol): Context {
    return new ReleaseContext(this.#base.deleteValue(key), this[RELEASE]);
  }
}

/** Returns the release data of a context, or undefined if it is not the context of a released record. */
export function releaseOf(context: Context): Release | undefined {
  return (context as { readonly [RELEASE]?: Release })[RELEASE];
}
