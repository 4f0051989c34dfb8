import type { SpanProcessorLike } from '../record/index.ts';
import type { OtelEnvironment } from './otel-environment.ts';
import { otlpExporter } from './otlp-exporters.ts';
import type { Packages } from './packages.ts';
import type { TraceSdk } from './trace-sdk.ts';

interface Zipkin {
  readonly ZipkinExporter: new () => object;
}

/**
 * Returns the processors of `OTEL_TRACES_EXPORTER` that export spans. Default: OTLP, if its exporter is
 * installed.
 */
export function exportingSpanProcessors(
  environment: OtelEnvironment,
  packages: Packages,
  sdk: TraceSdk,
): readonly SpanProcessorLike[] {
  const names = environment.choices('OTEL_TRACES_EXPORTER', ['otlp', 'console', 'zipkin', 'none']) ?? [];
  if (names.includes('none')) return [];
  const isAsked = names.length > 0;
  return (isAsked ? names : ['otlp'])
    .map((name) => {
      if (name === 'console') return sdk.console();
      const because = `OTEL_TRACES_EXPORTER includes ${name}; spans are not exported to it`;
      if (name === 'zipkin') {
        const zipkin = packages.need<Zipkin>('@opentelemetry/exporter-zipkin', because);
        return zipkin && sdk.batched(new zipkin.ZipkinExporter());
      }
      const exporter = otlpExporter('traces', environment, packages, isAsked ? because : undefined);
      return exporter && sdk.batched(exporter);
    })
    .filter((processor) => processor !== undefined);
}
