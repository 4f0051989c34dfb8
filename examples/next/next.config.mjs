/** @type {import('next').NextConfig} */
export default {
  output: 'standalone',
  outputFileTracingRoot: import.meta.dirname,
  // Not into the bundles: each must be there once, where burstlog finds it, and instrumentations must see
  // pino being loaded.
  serverExternalPackages: [
    'burstlog',
    'pino',
    '@opentelemetry/exporter-logs-otlp-proto',
    '@opentelemetry/instrumentation-pino',
    '@opentelemetry/sdk-logs',
    '@opentelemetry/sdk-trace',
  ],
};
