import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readCollectorFile } from '../support/collector-json.js';
import { describeWithCollector } from '../support/collector-process.js';
import { difficult } from './programs/difficult-records.js';

const program = join(__dirname, 'programs/send-difficult.js');
/** A Collector with the limits that it has without our configuration: 4 MiB by gRPC, 20 MiB by HTTP. */
const config = [
  'collector-config/collector.yaml',
  'receivers:\n  otlp:\n    protocols:\n      grpc: { max_recv_msg_size_mib: 4 }\n      http: { max_request_body_size: 20971520 }\n',
];

describeWithCollector('a Collector, behind an exporter of OpenTelemetry', ({ startCollector }) => {
  test.each(['json', 'grpc'])('takes every record, whatever is in it: OTLP/%s', async (kind) => {
    const collector = await startCollector({ config });
    const url =
      kind === 'json'
        ? `http://127.0.0.1:${collector.httpPort}/v1/logs`
        : `http://127.0.0.1:${collector.grpcPort}`;

    const { stdout } = await promisify(execFile)(process.execPath, [program, kind, url]);

    const records = [collector.burstsFile, collector.restFile].flatMap((path) => readCollectorFile(path));
    const arrived = records.map(({ attributes }) => attributes.name).filter((name) => name !== undefined);
    const expected = [...difficult.map(([name]) => name), 'big'].flatMap((name) => [name, name]);
    expect(arrived.sort()).toEqual(expected.sort());
    const big = records.filter(({ attributes }) => attributes.name === 'big');
    for (const { body, attributes } of big) {
      expect(body).toMatch(/^\u20ac{900000,}$/);
      expect(attributes['burstlog.truncated_from']).toBeGreaterThan(16_000_000);
    }
    const { burst, batch } = JSON.parse(stdout);
    // The burst has its manifest as well.
    expect([burst.delivered, batch.delivered]).toEqual([difficult.length + 2, difficult.length + 1]);
    expect([burst.pending, batch.pending]).toEqual([0, 0]);
  });
});
