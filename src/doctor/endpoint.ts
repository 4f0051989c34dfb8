import { connect } from 'node:net';
import type { Evidence } from './evidence.ts';
import { exportersIn, readsFile } from './exporters-in.ts';
import type { Finding } from './finding.ts';

const TIMEOUT_MILLIS = 2_000;

/**
 * Returns the destination of a process's log records according to its variables; undefined if it is no
 * network address.
 */
export function endpointOf(evidence: Evidence): URL | undefined {
  const { environment, isStarted, bursts } = evidence;
  if (readsFile(evidence)) return undefined;
  const { BURSTLOG_ENDPOINT: given } = environment;
  const { names } = exportersIn(environment);
  if (bursts.length === 0 || names.includes('none')) return undefined;
  if (names.includes('zmq')) return urlOf(given || 'tcp://127.0.0.1:5011');
  if (!names.includes('otlp')) return undefined;
  const named =
    given || environment.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT || environment.OTEL_EXPORTER_OTLP_ENDPOINT;
  // Without a variable, only the default of `start()` is known: an application may configure its exporter in
  // code.
  if (named) return urlOf(named);
  return isStarted ? urlOf(defaultOtlp(environment)) : undefined;
}

/** Checks whether an endpoint accepts connections. */
export async function endpointFindings(url: URL): Promise<readonly Finding[]> {
  const problem = await connectionProblem(url);
  if (problem === undefined) return [];
  return [
    {
      cause: 'unreachable',
      seen: `${url.host} does not answer: ${problem}`,
      why: 'the environment variables name it as the destination, so no record arrives',
      remedy:
        'start the Collector or distlogd, correct OTEL_EXPORTER_OTLP_ENDPOINT or BURSTLOG_ENDPOINT, or set BURSTLOG_EXPORTER=stdout to see the records',
    },
  ];
}

function defaultOtlp(environment: Evidence['environment']): string {
  const protocol = environment.OTEL_EXPORTER_OTLP_LOGS_PROTOCOL || environment.OTEL_EXPORTER_OTLP_PROTOCOL;
  return protocol?.trim() === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318';
}

function urlOf(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && url.hostname !== '' ? url : undefined;
}

function connectionProblem(url: URL): Promise<string | undefined> {
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port, timeout: TIMEOUT_MILLIS });
    const end = (problem?: string) => {
      socket.destroy();
      resolve(problem);
    };
    socket.on('connect', () => end());
    socket.on('timeout', () => end(`no response within ${TIMEOUT_MILLIS / 1_000} s`));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
