import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { collect, storyOfLast, VictoriaLogsSource } from '../../src/reader/index.ts';
import { buildTrees, lines } from '../../src/tree/index.ts';
import { readCollectorFile, readCollectorSpans } from '../support/collector-json.js';
import { describeWithCollector, type RunningCollector } from '../support/collector-process.js';
import { spanId } from '../support/every-kind-of-record.ts';
import { sendWithTheSdk } from '../support/plain-sender.ts';
import { describeWithVictoriaLogs, VictoriaLogs } from '../support/victoria-logs-process.ts';

/** The examples are programs to read, without types. */
const { startService } = jest.requireActual<{
  startService(
    file: string,
    environment: Record<string, string>,
  ): Promise<{ readonly url: string; stop(): Promise<void> }>;
}>('../../examples/service/service-process.js');
const { orderOf, send } = jest.requireActual<{
  orderOf(id: number): object;
  send(url: string, order: object): Promise<unknown>;
}>('../../examples/service/customers.js');

const config = (name: string) => `collector-config/${name}.yaml`;

/** Added to a worker of a test: shows which records it has got. */
const alsoToFile = `
exporters:
  file: { path: '\${env:COLLECTOR_BURSTS_FILE}', rotation: { max_megabytes: 100, max_backups: 0 } }
service:
  pipelines:
    logs: { exporters: [otlp_http/victoria_logs, file] }
`;

/** Added to a gateway of a test: its retries are as they are, but sooner. */
const soon = `
exporters:
  load_balancing:
    retry_on_failure: { initial_interval: 50ms, max_interval: 200ms }
`;

const turn = () => new Promise((resolve) => setTimeout(resolve, 25));

async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await turn();
  }
}

const traceIdsIn = (worker: RunningCollector) =>
  new Set(readCollectorFile(worker.burstsFile).flatMap(({ traceId }) => traceId || []));

describeWithVictoriaLogs('past one machine', () => {
  describeWithCollector('with the configuration of docker-compose.fleet.yml', ({ startCollector }) => {
    const victoriaLogs = new VictoriaLogs();
    let cluster: Awaited<ReturnType<VictoriaLogs['startCluster']>>;
    let backend: RunningCollector;
    let workers: RunningCollector[];
    let gateway: RunningCollector;

    const startWorker = (more: object = {}) =>
      startCollector({
        config: [config('fleet-worker'), alsoToFile],
        env: {
          VICTORIA_LOGS_URL: cluster.insert.origin,
          BACKEND_OTLP_ENDPOINT: `127.0.0.1:${backend.grpcPort}`,
        },
        ...more,
      });

    beforeAll(async () => {
      cluster = await victoriaLogs.startCluster();
    });

    beforeEach(async () => {
      backend = await startCollector({ config: config('collector') });
      workers = await Promise.all([startWorker(), startWorker()]);
      gateway = await startCollector({
        config: [config('fleet-gateway'), soon],
        env: {
          WORKER_1_ENDPOINT: `127.0.0.1:${workers[0]!.grpcPort}`,
          WORKER_2_ENDPOINT: `127.0.0.1:${workers[1]!.grpcPort}`,
          BACKEND_OTLP_ENDPOINT: `127.0.0.1:${backend.grpcPort}`,
        },
      });
    });

    afterAll(() => victoriaLogs.stop());

    test('the story of a failed order is whole in VictoriaLogs, and its spans are in the backend', async () => {
      const endpoints = {
        DISTLOGD_ENDPOINT: '',
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${gateway.grpcPort}`,
      };
      const payments = await startService('payments-service.js', endpoints);
      const checkout = await startService('checkout-service.js', {
        ...endpoints,
        PAYMENTS_URL: payments.url,
      });
      // Order 25 fails.
      await Promise.all([22, 23, 24, 25].map((id) => send(checkout.url, orderOf(id))));
      await Promise.all([checkout.stop(), payments.stop()]);

      const source = new VictoriaLogsSource({ name: 'VictoriaLogs', url: cluster.select });
      const { signal } = new AbortController();
      const records = await until(async () => {
        await Promise.all(cluster.nodes.map((node) => fetch(new URL('/internal/force_flush', node))));
        const query = await storyOfLast(source, 'failures', {}, () => {}, signal);
        if (query?.traceId === undefined) return undefined;
        const { traceId } = query;
        const found = await collect(source, { traceId, limit: 100 }, () => {}, signal);
        return found.length >= 23 ? found : undefined;
      });
      const tree = [...lines(buildTrees(records))].join('\n');
      expect(tree).toMatch(/✘ charge card .*· payments/);
      expect(tree).toMatch(/DEBUG exchange rate found .*rate=16312/);
      expect(tree).toMatch(/DEBUG asks the warehouse/);

      const failed = records[0]!.traceId;
      const spans = await until(() => {
        const ofTrace = readCollectorSpans(backend.tracesFile).filter(({ traceId }) => traceId === failed);
        return ofTrace.length >= 8 ? ofTrace : undefined;
      });
      expect(
        spans
          .filter(({ status }) => status.code === 2)
          .map(({ name }) => name)
          .sort(),
      ).toEqual(['ask the bank', 'charge card', 'checkout', 'pay']);
    });

    test('all records of a trace go to one worker, also after it was down', async () => {
      const traceIds = Array.from({ length: 40 }, (_, at) => (at + 1).toString(16).padStart(32, 'a'));
      const records = ['first', 'second'].flatMap((body) =>
        traceIds.map((traceId) => ({
          body,
          context: trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED }),
        })),
      );
      const [first, second] = workers as [RunningCollector, RunningCollector];
      await first.kill('SIGKILL');

      for (const part of [records.slice(0, 40), records.slice(40)]) {
        await sendWithTheSdk(`http://127.0.0.1:${gateway.grpcPort}`, part);
      }
      const env = {
        VICTORIA_LOGS_URL: cluster.insert.origin,
        BACKEND_OTLP_ENDPOINT: `127.0.0.1:${backend.grpcPort}`,
        COLLECTOR_BURSTS_FILE: first.burstsFile,
      };
      await startWorker({ grpcPort: first.grpcPort, env });

      await until(() => (traceIdsIn(first).size + traceIdsIn(second).size >= 40 ? true : undefined));
      const [ofFirst, ofSecond] = [traceIdsIn(first), traceIdsIn(second)];
      expect(new Set([...ofFirst, ...ofSecond])).toEqual(new Set(traceIds));
      expect([...ofFirst].filter((traceId) => ofSecond.has(traceId))).toEqual([]);
      expect(Math.min(ofFirst.size, ofSecond.size)).toBeGreaterThan(5);
    });
  });
});
