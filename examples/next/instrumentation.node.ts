// burstlog looks for these while it runs. Next.js copies to .next/standalone only what some file imports.
import '@opentelemetry/exporter-logs-otlp-proto';
import '@opentelemetry/instrumentation-pino';
import '@opentelemetry/sdk-logs';
import '@opentelemetry/sdk-trace';
import { start } from 'burstlog/setup';

start({ serviceName: 'shop-next' });
