import type { OtelEnvironment } from './otel-environment.ts';
import type { Packages } from './packages.ts';

/** The signals that a setup exports. */
export type Signal = 'logs' | 'traces';

const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const;
type Protocol = (typeof PROTOCOLS)[number];

const suffixes: Readonly<Record<Protocol, string>> = {
  'http/protobuf': 'proto',
  'http/json': 'http',
  grpc: 'grpc',
};

interface ExporterPackage {
  readonly OTLPLogExporter?: new (options?: { url: string }) => object;
  readonly OTLPTraceExporter?: new (options?: { url: string }) => object;
}

/**
 * Creates the official OTLP exporter of a signal for the protocol of `OTEL_EXPORTER_OTLP_PROTOCOL`. If that
 * is not set, it uses the first protocol whose exporter is installed. The exporter itself reads endpoint,
 * headers, timeout, compression and certificates from the environment.
 * @param endpoint overrides the endpoint of the environment
 * @param consequence what to report if it is not installed; undefined: nothing, because it was not requested
 */
export function otlpExporter(
  signal: Signal,
  environment: OtelEnvironment,
  packages: Packages,
  consequence: string | undefined,
  endpoint?: string | undefined,
): object | undefined {
  const upper = signal.toUpperCase();
  const chosen = environment.choice(
    PROTOCOLS,
    `OTEL_EXPORTER_OTLP_${upper}_PROTOCOL`,
    'OTEL_EXPORTER_OTLP_PROTOCOL',
  );
  const protocols = chosen === undefined ? PROTOCOLS : [chosen];
  const nameOf = (protocol: Protocol) =>
    `@opentelemetry/exporter-${signal === 'logs' ? 'logs' : 'trace'}-otlp-${suffixes[protocol]}`;
  const protocol = protocols.find((each) => packages.find(nameOf(each)) !== undefined) ?? protocols[0]!;
  const name = nameOf(protocol);
  const loaded =
    consequence === undefined
      ? packages.load<ExporterPackage>(name)
      : packages.need<ExporterPackage>(name, consequence);
  const Exporter = loaded?.OTLPLogExporter ?? loaded?.OTLPTraceExporter;
  if (Exporter === undefined) return undefined;
  return endpoint === undefined ? new Exporter() : new Exporter({ url: urlOf(endpoint, signal, protocol) });
}

/** OTLP over HTTP needs a path; it is added to an endpoint without one. */
function urlOf(endpoint: string, signal: Signal, protocol: Protocol): string {
  if (protocol === 'grpc' || !URL.canParse(endpoint)) return endpoint;
  const url = new URL(endpoint);
  if (url.pathname === '/') url.pathname = `/v1/${signal}`;
  return url.href;
}
