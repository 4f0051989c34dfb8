// Two Collectors in a row, of which the first may be killed in the middle of a burst.
import { readCollectorFile } from './collector-json.js';

/** @typedef {import('./collector-process.js').RunningCollector} RunningCollector */
/** @typedef {typeof import('./collector-process.js').startCollector} StartCollector */

/**
 * The first: it has no queue and does not try again, so when it answers a sender "done", the second has the records.
 */
const passOn = `
receivers:
  otlp:
    protocols:
      grpc: { endpoint: '\${env:COLLECTOR_GRPC_ENDPOINT}', max_recv_msg_size_mib: 64 }
      http: { endpoint: '\${env:COLLECTOR_HTTP_ENDPOINT}' }
exporters:
  otlp_grpc:
    endpoint: \${env:NEXT_COLLECTOR}
    tls: { insecure: true }
    sending_queue: { enabled: false }
    retry_on_failure: { enabled: false }
service:
  pipelines:
    logs: { receivers: [otlp], exporters: [otlp_grpc] }
`;

/** The second: `rotation` makes the file exporter write every request at once, before it answers. */
const keep = `
receivers:
  otlp:
    protocols:
      grpc: { endpoint: '\${env:COLLECTOR_GRPC_ENDPOINT}', max_recv_msg_size_mib: 64 }
exporters:
  file:
    path: \${env:COLLECTOR_BURSTS_FILE}
    rotation: { max_megabytes: 1000, max_backups: 0 }
service:
  pipelines:
    logs: { receivers: [otlp], exporters: [file] }
`;

/**
 * @typedef {object} CollectorPair
 * @property {number} grpcPort where records are sent: the first Collector's port, before and after a restart
 * @property {string} url
 * @property {() => Promise<void>} killFirst SIGKILL; resolves when it is gone
 * @property {() => Promise<void>} restartFirst starts it again on the same port; resolves when it is ready
 * @property {() => import('./otlp-decode.js').DecodedRecord[]} records what the second has written so far
 */

/**
 * Sender -> first Collector (may be killed) -> second Collector (keeps what arrives, and is never killed).
 *
 * @param {StartCollector} startCollector that of `describeWithCollector`, which cleans up
 * @returns {Promise<CollectorPair>}
 */
export async function startCollectorPair(startCollector) {
  const second = await startCollector({ config: keep });
  const env = { NEXT_COLLECTOR: `127.0.0.1:${second.grpcPort}` };
  let first = await startCollector({ config: passOn, env });
  const { grpcPort, httpPort } = first;
  return {
    grpcPort,
    url: `http://127.0.0.1:${grpcPort}`,
    killFirst: () => first.kill('SIGKILL'),
    async restartFirst() {
      await first.kill('SIGKILL');
      first = await startCollector({ config: passOn, env, grpcPort, httpPort });
    },
    records: () => readCollectorFile(second.burstsFile),
  };
}
