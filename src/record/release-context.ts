import type { Context } from '@opentelemetry/api';

/** What a task writes on a record. It never changes: a task that binds more data makes a new one. */
export interface TaskMarks {
  readonly id: string;
  readonly name: string;
  readonly parentId: string | undefined;
  readonly bound: Readonly<Record<string, unknown>>;
}

/** What is known of a released record beside its fields. */
export interface Release {
  /** The task in which it was written. */
  readonly marks: TaskMarks | undefined;
  /** Its number in that task. */
  readonly sequence: number;
}

/** By name: a copy of this package as ES module and one as CommonJS can meet in one process. */
const RELEASE: unique symbol = Symbol.for('burstlog.release') as never;

/**
 * The context of a record that was held before the SDK made it, and passes through the SDK now. By it the
 * processors of this package know such a record: it is not held or numbered a second time.
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

/** What is known of the released record whose context this is; undefined: it is not a released one. */
export function releaseOf(context: Context): Release | undefined {
  return (context as { readonly [RELEASE]?: Release })[RELEASE];
}
