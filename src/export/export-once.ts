import { type Context, context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import {
  type Clock,
  EXPORT_SUCCESS,
  errorText,
  type LogRecordExporterLike,
  type ReadableLogRecordLike,
  type ResourceLike,
} from '../record/index.ts';
import { attempt } from './within.ts';

/** How one call of `exporter.export()` ended. */
export type ExportOutcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly error: string; readonly code: unknown }
  | { readonly kind: 'timeout' }
  /** The exporter threw before it sent anything: most often a record that cannot be serialized. */
  | { readonly kind: 'threw'; readonly error: string };

/** `suppressTracing` of `@opentelemetry/core`: the same key, since context keys are made by their name. */
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
/** Marks what runs inside an export, so that an exporter's own records cannot feed it for ever. */
const EXPORTING = createContextKey('burstlog exporting');
const suppressed: Context = ROOT_CONTEXT.setValue(SUPPRESS_TRACING, true).setValue(EXPORTING, true);

/** Whether a context is that of an export of ours. */
export function isExporting(context: Context): boolean {
  return context.getValue(EXPORTING) === true;
}

/**
 * Calls `exporter.export()` and tells how it ended; never throws or rejects. Exporters must not trace their
 * own requests, so it runs in a context of its own with tracing suppressed. A second call of the callback, or
 * one after the time-out, is ignored.
 * @param around is called around the call of `export()`, for one who must know that it is under way
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
      const exported = (): unknown =>
        exporter.export(records, (result) => {
          if (result?.code === EXPORT_SUCCESS) finish({ kind: 'delivered' });
          else {
            const error = result?.error;
            const code = (error as { readonly code?: unknown } | undefined)?.code;
            finish({
              kind: 'failed',
              error: error === undefined ? 'no reason given' : errorText(error),
              code,
            });
          }
        });
      const returned = around(() => context.with(suppressed, exported));
      // An exporter whose export() is async may reject instead of calling back.
      Promise.resolve(returned).catch((error: unknown) =>
        finish({ kind: 'failed', error: errorText(error), code: undefined }),
      );
    } catch (error) {
      finish({ kind: 'threw', error: errorText(error) });
    }
  });
}

/** Resolves when the attributes of the records' resources are there. Undefined when they are already. */
export function pendingResources(records: readonly ReadableLogRecordLike[]): Promise<unknown> | undefined {
  let last: ResourceLike | undefined;
  let waits: Promise<void>[] | undefined;
  for (const record of records) {
    const resource = record.resource as ResourceLike | undefined;
    if (resource === last) continue;
    last = resource;
    if (resource?.asyncAttributesPending !== true || resource.waitForAsyncAttributes === undefined) continue;
    waits ??= [];
    waits.push(attempt(() => resource.waitForAsyncAttributes?.()));
  }
  // A detector that fails must not cost the records; they leave with the attributes there are.
  return waits && Promise.allSettled(waits);
}
