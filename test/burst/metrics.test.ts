import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { pipeline } from '../support/pipeline.ts';

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

async function valuesOf(reader: Reader): Promise<Map<string, number>> {
  const { resourceMetrics } = await reader.collect();
  const values = new Map<string, number>();
  for (const { metrics } of resourceMetrics.scopeMetrics) {
    for (const { descriptor, dataPoints } of metrics) {
      for (const { attributes, value } of dataPoints) {
        const cause = attributes.cause ?? attributes['error.type'];
        values.set(cause === undefined ? descriptor.name : `${descriptor.name}{${cause}}`, value as number);
      }
    }
  }
  return values;
}

test('the counters of stats() are metrics, also what happened last', async () => {
  const reader = new Reader();
  const meterProvider = new MeterProvider({ readers: [reader] });
  const { log, burst } = pipeline({ meterProvider, capacity: 2 });
  for (const body of ['lost', 'kept', 'kept too']) log('DEBUG', body);
  log('ERROR', 'failed');
  log('DEBUG', 'passed');
  await burst.forceFlush();
  log('DEBUG', 'held', { traceName: 'a' });
  const values = await valuesOf(reader);
  expect(Object.fromEntries(values)).toMatchObject({
    'burstlog.held': 4,
    'burstlog.released': 2,
    'burstlog.evicted{capacity}': 1,
    'burstlog.evicted{bytes}': 0,
    'burstlog.passed': 1,
    'burstlog.live': 2,
    'burstlog.delivered': 5,
    'burstlog.failed{export}': 0,
    'burstlog.bursts': 1,
    'burstlog.holding': 1,
    'burstlog.pending': 0,
    'otel.sdk.processor.log.processed': 5,
    'otel.sdk.processor.log.queue.size': 0,
    'otel.sdk.processor.log.queue.capacity': 65_536,
  });
  await burst.shutdown();
  expect(Object.fromEntries(await valuesOf(reader))).toMatchObject({
    'burstlog.evicted{shutdown}': 1,
    'burstlog.holding': 0,
  });
  await meterProvider.shutdown();
});

test('docs/burst.md names every cause of a loss', () => {
  const page = readFileSync(join(__dirname, '../../docs/burst.md'), 'utf8');
  const { burst } = pipeline();
  const stats = burst.stats();
  const names = [...Object.keys(stats.evicted), ...Object.keys(stats.failed), 'processor'];
  expect(names.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
});
