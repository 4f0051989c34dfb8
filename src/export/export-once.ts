import { type Context, context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import {
  type Clock,
  EXPORT_SUCCESS,
  type ExportResultLike,
  errorText,
  type LogRecordExporterLike,
  type ReadableLogRecordLike,
} from '../record/index.ts';
import { exportErrorText, type Refusal, refusalOf } from './export-error.ts';

/** The outcome of one call of `exporter.export()`. */
export type ExportOutcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly error: string; readonly refusal: Refusal }
  | { readonly kind: 'timeout' }
  /** The exporter threw before it sent anything, usually because of a record that cannot be serialized. */
  | { readonly kind: 'threw'; readonly error: string };

/** The key of `suppressTracing` in `@opentelemetry/core`. Context keys with the same name are equal. */
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
/** Marks the context of an export, to prevent feedback loops by records that the exporter emits. */
const EXPORTING = createContextKey('burstlog exporting');
const suppressed: Context = ROOT_CONTEXT.setValue(SUPPRESS_TRACING, true).setValue(EXPORTING, true);

/** Whether a context is that of an export by this package. */
export function isExporting(context: Context): boolean {
  return context.getValue(EXPORTING) === true;
}

/**
 * Calls `exporter.export()` and returns the outcome. Never throws or rejects. The exporter runs in its own
 * context with tracing suppressed, because exporters must not trace their own requests. A second call of the
 * callback, or a call after the timeout, is ignored.
 * @param around wraps the call of `export()`, for a caller that must know that an export is running
 */
export function exportOnce(
  exporter: LogRecordExporterLike,
  records: ReadableLogRecordLike[],
  timeoutMillis: number,
  clock: Clock,
  around: <R>(call: () => R) => R = (call) => call(),
): Promise<ExportOutcome> {
  return new Promise((resolve) => {
    const cancelTimer =
      timeoutMillis === Number.POSITIVE_INFINITY
        ? () => {}
        : clock.after(timeoutMillis, () => resolve({ kind: 'timeout' }));
    const finish = (outcome: ExportOutcome) => {
      cancelTimer();
      resolve(outcome);
    };
    try {
      const exported = (): unknown => exporter.export(records, (result) => finish(outcomeOf(result)));
      const returned = around(() => context.with(suppressed, exported));
      // An exporter whose export() is async may reject instead of calling back.
      Promise.resolve(returned).catch((error: unknown) => finish(failed(error)));
    } catch (error) {
      finish({ kind: 'threw', error: errorText(error) });
    }
  });
}

/** Never throws, because it runs inside the exporter's callback, where the error would not be caught. */
function outcomeOf(result: ExportResultLike | undefined): ExportOutcome {
  try {
    if (result?.code === EXPORT_SUCCESS) return { kind: 'delivered' };
    const error: unknown = result?.error;
    return error === undefined ? failed('no reason given') : failed(error);
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): ExportOutcome {
  return { kind: 'failed', error: exportErrorText(error), refusal: refusalOf(error) };
}
