import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor } from '../../src/burst/burst-log-record-processor.ts';
import type { BurstExporterOptions } from '../../src/burst/options.ts';
import { Severity } from '../../src/record/severity.ts';
import { readCollectorFile } from '../support/collector-json.js';
import { startCollectorPair } from '../support/collector-pair.js';
import { describeWithCollector } from '../support/collector-process.js';
import { everyKindOfRecord, saidBy, sender } from '../support/every-kind-of-record.ts';
import { expectAccountsBalance } from '../support/pipeline.ts';
import { needs } from '../support/sdk-abilities.ts';

function burstTo(url: string, options: Partial<BurstExporterOptions> = {}) {
  const burst = new BurstLogRecordProcessor({
    exporter: new OTLPLogExporter({ url }),
    scope: 'global',
    limit: false,
    ...options,
  } as BurstExporterOptions);
  const provider = new LoggerProvider({
    resource: resourceFromAttributes(sender.resource),
    processors: [burst],
  });
  const { name, version, schemaUrl } = sender.scope;
  return { burst, provider, logger: provider.getLogger(name, version, { schemaUrl }) };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describeWithCollector('a burst into a Collector with our configuration', ({ startCollector }) => {
  needs('attributes of any value')(
    'arrives record by record as it was written, apart from the rest',
    async () => {
      const collector = await startCollector({ config: 'collector-config/collector.yaml' });
      const { logger, provider } = burstTo(`http://127.0.0.1:${collector.grpcPort}`);
      const records = everyKindOfRecord.map((record, at) => ({
        ...record,
        severityNumber: Severity.DEBUG,
        timestamp: [1_700_000_000 + at, 123_456_789] as [number, number],
        observedTimestamp: [1_700_000_001 + at, 1] as [number, number],
      }));
      for (const record of records) logger.emit(record as Parameters<typeof logger.emit>[0]);
      logger.emit({ severityNumber: Severity.INFO, body: 'all quiet' });
      logger.emit({ severityNumber: Severity.ERROR, body: 'failed' });
      await provider.shutdown();

      const [trigger, ...rest] = readCollectorFile(collector.burstsFile);
      expect(trigger).toMatchObject({ body: 'failed', attributes: { 'burst.trigger': 'severity' } });
      const manifest = rest.pop();
      expect(manifest).toMatchObject({
        eventName: 'burst.released',
        attributes: { 'burst.released': records.length },
        scope: { name: 'burstlog' },
        resource: { attributes: sender.resource },
      });
      const id = trigger!.attributes['burst.id'];
      const expected = records.map((record, at) => {
        const said = saidBy(record);
        const added = { 'burst.id': id, 'burst.sequence': at + 1 };
        return expect.objectContaining({ ...said, attributes: { ...said.attributes, ...added } });
      });
      expect(rest).toEqual(expected);
      expect(readCollectorFile(collector.restFile).map((record) => record.body)).toEqual(['all quiet']);
    },
  );
});

describeWithCollector('a Collector that is killed in the middle of a burst', ({ startCollector }) => {
  test('and restarted: nothing released is lost, and every ERROR and INFO arrives', async () => {
    const size = 20_000;
    const pair = await startCollectorPair(startCollector);
    const { burst, logger, provider } = burstTo(pair.url, {
      capacity: size,
      maxBytes: 1e9,
      delivery: { retry: { initialBackoffMillis: 50, maxBackoffMillis: 500 } },
    });
    for (let count = 1; count <= size; count += 1) {
      logger.emit({ severityNumber: Severity.DEBUG, body: `debug ${count}` });
    }
    logger.emit({ severityNumber: Severity.ERROR, body: 'failed' });
    while (burst.stats().delivered < size / 4) await turn();
    const killed = pair.killFirst();
    logger.emit({ severityNumber: Severity.INFO, body: 'in the dark' });
    logger.emit({ severityNumber: Severity.ERROR, body: 'failed in the dark' });
    await killed;
    await pair.restartFirst();
    await burst.forceFlush();

    expect(burst.stats()).toMatchObject({ pending: 0, delivered: size + 4, released: size });
    expectAccountsBalance(burst.stats());
    const arrived = pair.records();
    // A batch whose answer was lost with the Collector is sent again: at least once.
    const sequences = [
      ...new Set(
        arrived.flatMap((record) => (record.attributes['burst.sequence'] as number | undefined) ?? []),
      ),
    ];
    expect(sequences).toEqual(Array.from({ length: size }, (_, at) => at + 1));
    const bodies = new Set(arrived.map((record) => record.body));
    for (const body of ['failed', 'in the dark', 'failed in the dark']) expect(bodies).toContain(body);
    await provider.shutdown();
  });
});
