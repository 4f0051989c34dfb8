import {
  EXPORT_FAILED,
  EXPORT_SUCCESS,
  type ExportResultLike,
  type LogRecordExporterLike,
  type ReadableLogRecordLike,
} from '../../src/record/index.ts';

/** The callback of an export. Exporters of the real world also call it with nothing. */
export type Respond = (result: ExportResultLike) => void;

export const SUCCESS: ExportResultLike = { code: EXPORT_SUCCESS };

export function failure(message: string, code?: number | string): ExportResultLike {
  return {
    code: EXPORT_FAILED,
    error: Object.assign(new Error(message), code === undefined ? {} : { code }),
  };
}

/** Takes every batch at once, keeps what it took, and lets a test wait for its calls. The base of all others. */
export class RecordingExporter implements LogRecordExporterLike {
  /** What each call of `export()` brought, whatever came of it. */
  readonly batches: ReadableLogRecordLike[][] = [];
  /** What was taken. */
  readonly records: ReadableLogRecordLike[] = [];
  /** The calls in their order: `export`, `forceFlush`, `shutdown`. */
  readonly calls: string[] = [];
  #waiters: { readonly exports: number; readonly resolve: () => void }[] = [];

  /** The bodies of what was taken. */
  get bodies(): unknown[] {
    return this.records.map((record) => record.body);
  }

  /** Resolves when `export()` has been called so many times. */
  exported(exports: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ exports, resolve });
      this.#wake();
    });
  }

  export(records: ReadableLogRecordLike[], respond: Respond): void {
    this.calls.push('export');
    this.batches.push([...records]);
    try {
      this.answer(records, respond);
    } finally {
      this.#wake();
    }
  }

  async forceFlush(): Promise<void> {
    this.calls.push('forceFlush');
  }

  async shutdown(): Promise<void> {
    this.calls.push('shutdown');
  }

  /** Overridden by those that behave otherwise. */
  protected answer(records: ReadableLogRecordLike[], respond: Respond): void {
    this.take(records, respond);
  }

  protected take(records: readonly ReadableLogRecordLike[], respond: Respond): void {
    this.records.push(...records);
    respond(SUCCESS);
  }

  #wake(): void {
    for (const { exports, resolve } of this.#waiters) if (this.batches.length >= exports) resolve();
    this.#waiters = this.#waiters.filter(({ exports }) => this.batches.length < exports);
  }
}

/** Its exports wait until the test releases them. */
export class HeldExporter extends RecordingExporter {
  readonly #held: { readonly records: readonly ReadableLogRecordLike[]; readonly respond: Respond }[] = [];
  #isOpen = false;

  /** How many exports wait now. */
  get held(): number {
    return this.#held.length;
  }

  /** Ends the export that has waited longest; with a result other than success its records are not taken. */
  release(result: ExportResultLike = SUCCESS): void {
    const export_ = this.#held.shift();
    if (export_ === undefined) throw new Error('no export waits');
    if (result.code === EXPORT_SUCCESS) this.take(export_.records, export_.respond);
    else export_.respond(result);
  }

  /** Ends all exports that wait, and those to come at once. */
  open(): void {
    this.#isOpen = true;
    while (this.held > 0) this.release();
  }

  protected override answer(records: ReadableLogRecordLike[], respond: Respond): void {
    if (this.#isOpen) this.take(records, respond);
    else this.#held.push({ records, respond });
  }
}

/** Takes the records and never says so. */
export class SilentExporter extends RecordingExporter {
  protected override answer(records: ReadableLogRecordLike[]): void {
    this.records.push(...records);
  }
}

/** Says everything twice, the second time the opposite. */
export class TwiceExporter extends RecordingExporter {
  protected override answer(records: ReadableLogRecordLike[], respond: Respond): void {
    this.take(records, respond);
    respond(failure('and yet it failed'));
  }
}

/** Throws when a batch has a record that it cannot bear, before it has sent anything. */
export class ThrowingExporter extends RecordingExporter {
  readonly #isPoison: (record: ReadableLogRecordLike) => boolean;

  constructor(isPoison: (record: ReadableLogRecordLike) => boolean = () => true) {
    super();
    this.#isPoison = isPoison;
  }

  protected override answer(records: ReadableLogRecordLike[], respond: Respond): void {
    if (records.some(this.#isPoison)) throw new RangeError('cannot be serialized');
    this.take(records, respond);
  }
}

/** Fails the first exports and takes the others. */
export class FailingExporter extends RecordingExporter {
  #left: number;
  readonly #result: ExportResultLike;

  constructor(times: number, result: ExportResultLike = failure('refused')) {
    super();
    this.#left = times;
    this.#result = result;
  }

  protected override answer(records: ReadableLogRecordLike[], respond: Respond): void {
    this.#left -= 1;
    if (this.#left < 0) this.take(records, respond);
    else respond(this.#result);
  }
}

/** How an asynchronous method can go wrong. */
export type Trouble = 'rejects' | 'throws' | 'hangs';

/** A method in trouble. */
export function inTrouble(trouble: Trouble): Promise<void> {
  if (trouble === 'throws') throw new Error('it threw');
  return trouble === 'rejects' ? Promise.reject(new Error('it rejected')) : new Promise(() => {});
}

/** Exports well, but its `forceFlush()` does not end well. */
export class BadFlushExporter extends HeldExporter {
  readonly #trouble: Trouble;

  constructor(trouble: Trouble) {
    super();
    this.#trouble = trouble;
  }

  override forceFlush(): Promise<void> {
    this.calls.push('forceFlush');
    return inTrouble(this.#trouble);
  }
}
