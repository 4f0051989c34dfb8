import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { FRONTS, pipeline, pipelineOf } from '../support/pipeline.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Point {
  readonly metric: string;
  readonly component: unknown;
  readonly value: number;
}

async function pointsOf(reader: Reader): Promise<Point[]> {
  const { resourceMetrics } = await reader.collect();
  return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
    metrics.flatMap(({ descriptor, dataPoints }) =>
      dataPoints
        .filter(({ attributes }) => attributes['error.type'] === undefined)
        .map(({ attributes, value }) => ({
          metric: descriptor.name,
          component: attributes['otel.component.name'],
          value: value as number,
        })),
    ),
  );
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

test('the counters of stats() are metrics, including the last events', async () => {
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

test('two processors of one MeterProvider do not overwrite each other', async () => {
  const reader = new Reader();
  const meterProvider = new MeterProvider({ readers: [reader] });
  const lines = [
    pipeline({ meterProvider }),
    pipeline({ meterProvider }),
    pipeline({ meterProvider, delivery: { componentName: 'of the shop' } }),
  ];
  lines.forEach(({ log }, index) => {
    for (let count = 0; count <= index; count += 1) log('DEBUG', 'quiet');
    log('INFO', 'loud');
  });
  for (const { burst } of lines) await burst.forceFlush();
  const names = ['burst_log_processor/0', 'burst_log_processor/1', 'of the shop'];
  const all = await pointsOf(reader);
  const ofEach = (metric: string) =>
    names.map((name) => all.find((point) => point.metric === metric && point.component === name)?.value);
  expect(ofEach('burstlog.held')).toEqual([1, 2, 3]);
  expect(ofEach('otel.sdk.processor.log.processed')).toEqual([1, 1, 1]);
  for (const { burst } of lines) await burst.shutdown();
  await meterProvider.shutdown();
});

test.each(FRONTS)('a %s that was shut down is not kept alive by its metrics', async (front) => {
  const meterProvider = new MeterProvider({ readers: [new Reader()] });
  const make = async () => {
    const { burst, log } = pipelineOf(front)({ meterProvider });
    log('DEBUG', 'quiet', { traceName: 'a' });
    log('ERROR', 'failed', { traceName: 'a' });
    await burst.shutdown();
    return new WeakRef(burst);
  };
  const references = [];
  for (let count = 0; count < 20; count += 1) references.push(await make());
  for (let turns = 0; turns < 5; turns += 1) await turn();
  collectGarbage();
  expect(references.filter((reference) => reference.deref() !== undefined)).toHaveLength(0);
});

test.each(FRONTS)('docs/burst.md names every cause of a loss: %s', (front) => {
  const page = readFileSync(join(__dirname, '../../docs/burst.md'), 'utf8');
  const { burst } = pipelineOf(front)();
  const stats = burst.stats();
  const names = [...Object.keys(stats.evicted), ...Object.keys(stats.failed), 'processor'];
  expect(names.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
});
