import {
  EXPORT_FAILED,
  type ExporterFlushOptionsLike,
  type ExportResultLike,
  type LogRecordExporterLike,
  type ReadableLogRecordLike,
} from '../record/index.ts';

/** What a processor reads of an exporter when it is made. */
export interface ExporterTraits {
  readonly maxConcurrentExports?: number;
  readonly worstCaseMillis?: number;
}

/**
 * An exporter whose module is loaded while the application starts, not before: most set-ups need none of these. Exports
 * wait for it; if it cannot be made, they fail.
 */
export class LazyExporter implements LogRecordExporterLike {
  readonly maxConcurrentExports?: number;
  readonly worstCaseMillis?: number;
  readonly #made: Promise<LogRecordExporterLike>;

  constructor(made: Promise<LogRecordExporterLike>, traits: ExporterTraits = {}) {
    Object.assign(this, traits);
    this.#made = made;
    // Whoever exports gets the error; without an export it is none.
    made.catch(() => {});
  }

  export(records: ReadableLogRecordLike[], done: (result: ExportResultLike) => void): void {
    this.#made
      .then((exporter) => exporter.export(records, done))
      .catch((error: Error) => done({ code: EXPORT_FAILED, error }));
  }

  async forceFlush(options?: ExporterFlushOptionsLike): Promise<void> {
    await (await this.#made).forceFlush?.(options);
  }

  async shutdown(options?: ExporterFlushOptionsLike): Promise<void> {
    await (await this.#made).shutdown(options);
  }
}
