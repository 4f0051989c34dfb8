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

/** How one call of `exporter.export()` ended. */
export type ExportOutcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly error: string; readonly refusal: Refusal }
  | { readonly kind: 'timeout' }
  /** The exporter threw before it sent anything: most often a record that cannot be serialized. */
  | { readonly kind: 'threw'; readonly error: string };

/** `suppressTracing` of `@opentelemetry/core`: the same key, since context keys are made by their name. */
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
/** Marks what runs inside an export, so that an exporter's own records cannot feed it endlessly. */
const EXPORTING = createContextKey('burstlog exporting');
const suppressed: Context = ROOT_CONTEXT.setValue(SUPPRESS_TRACING, true).setValue(EXPORTING, true);

/** Whether a context is that of an export of ours. */
export function isExporting(context: Context): boolean {
  return context.getValue(EXPORTING) === true;
}

/**
 * Calls `exporter.export()` and returns how it ended; never throws or rejects. Exporters must not trace their
 * own requests, so it runs in a context of its own with tracing suppressed. A second call of the callback, or
 * one after the time-out, is ignored.
 * @param around is called around the call of `export()`, for a caller that must know that one is running
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

/** Never throws: it runs inside of the exporter's callback, where nobody would catch it. */
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
