import {
  EXPORT_FAILED,
  type ExporterFlushOptionsLike,
  type ExportResultLike,
  type LogRecordExporterLike,
  type ReadableLogRecordLike,
} from '../record/index.ts';

/** The properties that a processor reads from an exporter at construction. */
export interface ExporterTraits {
  readonly maxConcurrentExports?: number;
  readonly worstCaseMillis?: number;
}

/**
 * An exporter whose module is loaded while the application starts, because most setups need only one of them.
 * Exports wait until it is loaded; if it cannot be created, they fail.
 */
export class LazyExporter implements LogRecordExporterLike {
  readonly maxConcurrentExports?: number;
  readonly worstCaseMillis?: number;
  readonly #made: Promise<LogRecordExporterLike>;

  constructor(made: Promise<LogRecordExporterLike>, traits: ExporterTraits = {}) {
    Object.assign(this, traits);
    this.#made = made;
    // Each export reports the error; without an export it is ignored.
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
