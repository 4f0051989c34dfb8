import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { Severity } from '../../src/record/severity.ts';
import { readCollectorFile } from '../support/collector-json.js';
import { startCollectorPair } from '../support/collector-pair.js';
import { describeWithCollector } from '../support/collector-process.js';
import { type EmittedRecord, everyKindOfRecord, saidBy } from '../support/every-kind-of-record.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.js';
import { sendWithTheSdk } from '../support/plain-sender.ts';
import { needs } from '../support/sdk-abilities.ts';

const config = 'collector-config/collector.yaml';

function bodies(path: string): unknown[] {
  return readCollectorFile(path).map((record) => record.body);
}

describeWithCollector('a Collector with our configuration', ({ startCollector }) => {
  needs('attributes of any value')('writes every record as it was sent', async () => {
    const collector = await startCollector({ config });

    await sendWithTheSdk(`http://127.0.0.1:${collector.grpcPort}`, everyKindOfRecord);

    const expected = everyKindOfRecord.map((record) => expect.objectContaining(saidBy(record)));
    expect(readCollectorFile(collector.restFile)).toEqual(expected);
  });

  test('writes to the file what our own receiver would have read', async () => {
    const collector = await startCollector({ config });
    const receiver = await startOtlpReceiver();
    const observed: EmittedRecord[] = everyKindOfRecord.map((record) => ({
      ...record,
      timestamp: [1_700_000_000, 1],
      observedTimestamp: [1_700_000_000, 2],
    }));

    await sendWithTheSdk(`http://127.0.0.1:${collector.grpcPort}`, observed);
    await sendWithTheSdk(receiver.url, observed);
    await receiver.stop();

    expect(readCollectorFile(collector.restFile)).toEqual(receiver.records);
  });

  test('keeps errors and their bursts in one file, and the rest in another', async () => {
    const collector = await startCollector({ config });

    await sendWithTheSdk(`http://127.0.0.1:${collector.grpcPort}`, [
      { severityNumber: Severity.INFO, body: 'quiet day' },
      { severityNumber: Severity.DEBUG, body: 'released', attributes: { 'burst.id': 'b1' } },
      { severityNumber: Severity.ERROR, body: 'trigger', attributes: { 'burst.id': 'b1' } },
      { severityNumber: Severity.INFO, body: 'manifest', eventName: 'burst.released' },
      { severityNumber: Severity.WARN4, body: 'warning' },
      { severityNumber: Severity.FATAL4, body: 'fatal' },
      { body: 'no severity' },
    ]);

    expect(bodies(collector.burstsFile)).toEqual(['released', 'trigger', 'manifest', 'fatal']);
    expect(bodies(collector.restFile)).toEqual(['quiet day', 'warning', 'no severity']);
  });

  test('has written what it has acknowledged, even if it is killed at once', async () => {
    const collector = await startCollector({ config });

    await sendWithTheSdk(`http://127.0.0.1:${collector.grpcPort}`, [{ body: 'acknowledged' }]);
    await collector.kill('SIGKILL');

    expect(bodies(collector.restFile)).toEqual(['acknowledged']);
  });

  test('adds to the files of an earlier run', async () => {
    const first = await startCollector({ config });
    await sendWithTheSdk(`http://127.0.0.1:${first.grpcPort}`, [{ body: 'yesterday' }]);
    await first.stop();

    const second = await startCollector({ config, env: { COLLECTOR_REST_FILE: first.restFile } });
    await sendWithTheSdk(`http://127.0.0.1:${second.grpcPort}`, [{ body: 'today' }]);

    expect(bodies(first.restFile)).toEqual(['yesterday', 'today']);
  });

  test('takes a request of more than the four megabytes of the default', async () => {
    const collector = await startCollector({ config });
    const body = 'x'.repeat(5 * 1024 * 1024);

    await sendWithTheSdk(`http://127.0.0.1:${collector.grpcPort}`, [{ body }]);

    expect(bodies(collector.restFile)).toEqual([body]);
  });
});

describeWithCollector('a Collector with our configuration and a backend', ({ startCollector }) => {
  const withBackend = [config, 'collector-config/collector-backend.yaml'];
  let backend: OtlpReceiver;

  beforeEach(async () => {
    backend = await startOtlpReceiver();
  });

  afterEach(() => backend.kill());

  test('sends errors, bursts and the rest on to the backend', async () => {
    const env = { BACKEND_OTLP_ENDPOINT: `127.0.0.1:${backend.port}` };
    const collector = await startCollector({ config: withBackend, env });
    const both = backend.waitForRecords(2);

    await sendWithTheSdk(`http://127.0.0.1:${collector.grpcPort}`, [
      { severityNumber: Severity.ERROR, body: 'error' },
      { severityNumber: Severity.INFO, body: 'info' },
    ]);

    expect((await both).map((record) => record.body).sort()).toEqual(['error', 'info']);
  });

  test('brings the backend what came while it was away, even if the Collector was killed in between', async () => {
    const away = { BACKEND_OTLP_ENDPOINT: `127.0.0.1:${backend.port}` };
    backend.respond(() => ({ code: status.UNAVAILABLE }));
    const killed = await startCollector({ config: withBackend, env: away });
    await sendWithTheSdk(`http://127.0.0.1:${killed.grpcPort}`, [{ body: 'in the night' }]);
    await killed.kill('SIGKILL');

    backend.respond();
    const queue = { COLLECTOR_QUEUE_DIRECTORY: join(killed.directory, 'queue') };
    await startCollector({ config: withBackend, env: { ...away, ...queue } });

    expect((await backend.waitForRecords(1)).map((record) => record.body)).toEqual(['in the night']);
  });
});

describeWithCollector('a Collector that is killed in the middle', ({ startCollector }) => {
  test('leaves what it has acknowledged with the next one, and takes up its work on the same port', async () => {
    const pair = await startCollectorPair(startCollector);

    await sendWithTheSdk(pair.url, [{ body: 'before' }]);
    await pair.killFirst();
    await pair.restartFirst();
    await sendWithTheSdk(pair.url, [{ body: 'after' }]);

    expect(pair.records().map((record) => record.body)).toEqual(['before', 'after']);
  });
});
