import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { type BoxContents, readBox } from '../../src/box/index.ts';
import { BurstLoggerProvider } from '../../src/burst/index.ts';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import { TaskLogRecordProcessor, task } from '../../src/task/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { spanContext } from './support/memory-box.ts';

let directory: string;
beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => context.disable());
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'deferred-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A provider with a box, in front of the SDK, and what the SDK's processors get. */
function withBox(more: object = {}) {
  const clock = new ManualClock();
  const kept: ReadableLogRecordLike[] = [];
  const keeper = {
    onEmit: (record: unknown) => void kept.push(record as ReadableLogRecordLike),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const sdk = new LoggerProvider({
    processors: [new TaskLogRecordProcessor(), keeper],
    resource: resourceFromAttributes({ 'service.name': 'shop', 'host.name': 'one' }),
  });
  const blackBox = { directory, bytes: 1024 * 1024, service: 'shop', ...more };
  const provider = new BurstLoggerProvider({ provider: sdk, clock, blackBox });
  const contents = () => {
    clock.advance(10);
    const [file] = readdirSync(directory);
    return readBox(readFileSync(join(directory, file!))) as BoxContents;
  };
  return { provider, logger: provider.getLogger('app', '1.0'), contents, kept };
}

/** A record without the attributes that its burst adds. */
function said(record: ReadableLogRecordLike) {
  const { hrTime, hrTimeObserved, spanContext, severityNumber, severityText, eventName, body } = record;
  const attributes = Object.entries(record.attributes).filter(([key]) => !key.startsWith('burst.'));
  return {
    ...{ hrTime, hrTimeObserved, severityNumber, severityText, eventName, body },
    attributes: Object.fromEntries(attributes),
    resource: record.resource.attributes,
    scope: { name: record.instrumentationScope.name, version: record.instrumentationScope.version },
    trace: spanContext && { traceId: spanContext.traceId, spanId: spanContext.spanId },
  };
}

test('a deferred record is in the box as the SDK makes it when it is released', async () => {
  const { provider, logger, contents, kept } = withBox();
  const inTrace = trace.setSpanContext(ROOT_CONTEXT, spanContext('a'));
  const quiet = (record: object) => logger.emit({ severityNumber: 5, context: inTrace, ...record });
  quiet({ body: 'plain' });
  quiet({ body: { an: ['object'] }, attributes: { list: [1, 2], text: 'x' }, severityText: 'DEBUG' });
  quiet({ severityText: 'chatty', eventName: 'a.name', body: 'details' });
  quiet({ body: 'times', timestamp: new Date(1_700_000_000_123), observedTimestamp: [1_700_000_001, 5] });
  await task('pay', { order: 7 }, async () => {
    logger.emit({ severityNumber: 5, body: 'in a task', attributes: { order: 8 } });
  });
  const inBox = contents().records.map(({ record }) => said(record));
  provider.burst({ keys: 'all' });
  await provider.forceFlush();
  const released = kept.filter(({ attributes }) => attributes['burst.sequence'] !== undefined);
  expect(inBox).toHaveLength(5);
  expect(inBox).toEqual(released.map(said));
  await provider.shutdown();
  expect(readdirSync(directory)).toEqual([]);
});

test('loggers that are excluded and keys that are redacted are not in the box of a provider either', async () => {
  const { provider, logger, contents } = withBox({ exclude: ['secret.*'], redact: ['user'] });
  provider.getLogger('secret.things').emit({ severityNumber: 5, body: 'excluded' });
  logger.emit({ severityNumber: 5, body: 'redacted', attributes: { user: 'leo', count: 1 } });
  expect(contents().records.map(({ record }) => [record.body, record.attributes])).toEqual([
    ['redacted', { user: '[redacted]', count: 1 }],
  ]);
  await provider.shutdown();
});
