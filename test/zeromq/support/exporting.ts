import type { LogSerializer } from '../../../src/distlog-json/index.ts';
import {
  type ScanBody,
  ZmqAckReceiver,
  type ZmqAckReceiverOptions,
  type ZmqAckReceiverTools,
  zmqAckOptions,
} from '../../../src/receivers/zeromq/index.ts';
import type { ExportResultLike, ReadableLogRecordLike } from '../../../src/record/index.ts';
import { resolve } from '../../../src/settings/index.ts';
import {
  type ExportError,
  ZmqLogRecordExporter,
  type ZmqLogRecordExporterOptions,
} from '../../../src/zeromq/index.ts';
import { freePort } from '../../support/free-port.js';
import type { MemoryIntake } from './memory-intake.ts';

/** A record with this body. The exporter never reads it. */
export function record(body: string): ReadableLogRecordLike {
  return {
    hrTime: [1_700_000_000, 0],
    hrTimeObserved: [1_700_000_000, 0],
    body,
    resource: { attributes: {} },
    instrumentationScope: { name: 'test' },
    attributes: {},
    droppedAttributesCount: 0,
  };
}

/** Serializes the bodies of the records, one a line. The exporter does not interpret bodies. */
export const lines: LogSerializer = {
  contentType: 'text/plain',
  encoding: 'O',
  serialize: (records) => Buffer.from(records.map(({ body }) => String(body)).join('\n')),
};

/** Counts the records of {@link lines}; a body that starts with `bad` is invalid. */
export const scanLines: ScanBody = (body) => {
  const text = Buffer.from(body).toString();
  if (text.startsWith('bad'))
    throw Object.assign(new Error('not a batch'), { malformed: true, cause: 'protobuf' });
  return { records: text.split('\n').length };
};

/** What was opened; it is closed after each test. */
const opened: (() => Promise<void>)[] = [];

export async function closeAll(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

export function closeLater(close: () => Promise<void>): void {
  opened.push(close);
}

export function newExporter(options: Partial<ZmqLogRecordExporterOptions> & { endpoint: string }) {
  const exporter = new ZmqLogRecordExporter({
    serializer: lines,
    reconnectMillis: 20,
    reconnectMaxMillis: 100,
    shutdownTimeoutMillis: 300,
    ...options,
  });
  closeLater(() => exporter.shutdown());
  return exporter;
}

export async function newReceiver(
  intake: MemoryIntake,
  options: Partial<ZmqAckReceiverOptions> = {},
  tools: Partial<ZmqAckReceiverTools> = {},
): Promise<ZmqAckReceiver> {
  const defaults = resolve(zmqAckOptions, 'zmqAck', { endpoint: `tcp://127.0.0.1:${await freePort()}` });
  const receiver = new ZmqAckReceiver({ ...defaults, ...options }, { intake, scan: scanLines, ...tools });
  await receiver.start();
  closeLater(() => receiver.stop(100));
  return receiver;
}

/** For conditions without an event: checks in each turn of the event loop. */
export async function turnUntil(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setImmediate(resolve));
}

/** Exports one batch. @returns its error, or undefined when it succeeded */
export function send(exporter: ZmqLogRecordExporter, ...bodies: string[]): Promise<ExportError | undefined> {
  return new Promise((resolve) => {
    exporter.export(bodies.map(record), (result: ExportResultLike) =>
      resolve(result.error as ExportError | undefined),
    );
  });
}
