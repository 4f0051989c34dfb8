// Registers a LoggerProvider that keeps all records, as an application of either line does.
import { createRequire } from 'node:module';
import * as api from '@opentelemetry/api';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { TaskLogRecordProcessor } from '../../../dist/esm/index.js';

const exporter = new InMemoryLogRecordExporter();
const provider = new LoggerProvider({
  processors: [new TaskLogRecordProcessor(), new SimpleLogRecordProcessor({ exporter })],
});
const inside = /** @type {any} */ (api).logs;
const name = '@opentelemetry/api-logs';
(inside ?? createRequire(import.meta.url)(name).logs).setGlobalLoggerProvider(provider);

/** A logger that knows nothing of tasks. */
export const logger = provider.getLogger('other');

/**
 * All records so far, as plain data for another process.
 * @returns {{ service: string, trace: string | undefined, event: string | undefined, body: unknown, attributes: Record<string, unknown> }[]}
 */
export function records(service = '') {
  return exporter.getFinishedLogRecords().map(({ spanContext, eventName, body, attributes }) => ({
    service,
    trace: spanContext?.traceId,
    event: eventName,
    body,
    attributes: { ...attributes },
  }));
}
