import { trace } from '@opentelemetry/api';
import type { Pipeline } from './pipeline.ts';
import { refusal } from './registered-api.ts';
import type { MergeableResource } from './resource.ts';
import { addSpanProcessor } from './running-providers.ts';
import { alwaysRecord, defaultSampler, samplerOf } from './sampler.ts';
import { exportingSpanProcessors } from './span-processors.ts';
import type { Started } from './started.ts';
import type { Surroundings } from './surroundings.ts';
import { spanLimits, type TracerProviderLike, traceSdk } from './trace-sdk.ts';

/**
 * Registers a TracerProvider with the exporters of the environment and the span processor of the pipeline.
 */
export function startTraces(
  { settings, environment, packages, file, report }: Surroundings,
  pipeline: Pipeline | undefined,
  resource: MergeableResource | undefined,
): Started<TracerProviderLike> | undefined {
  const sdk = traceSdk(environment, packages);
  if (sdk === undefined) {
    if (settings.scope === 'trace' && pipeline !== undefined) {
      packages.need(
        '@opentelemetry/sdk-trace',
        'outside of tasks there are no traces, so all records share one buffer',
      );
    }
    return undefined;
  }
  const own = pipeline?.spanProcessor;
  const spanProcessors = [
    ...(own === undefined ? [] : [own]),
    ...(file?.spanProcessors ?? exportingSpanProcessors(environment, packages, sdk)),
  ];
  if (spanProcessors.length === 0) return undefined;
  const sampler = samplerOf(environment, sdk.samplers) ?? defaultSampler(sdk.samplers);
  const provider = sdk.provider({
    spanProcessors,
    sampler: settings.unsampledTraces === 'record' ? alwaysRecord(sampler) : sampler,
    spanLimits: spanLimits(environment),
    ...(resource === undefined ? {} : { resource }),
  });
  if (trace.setGlobalTracerProvider(provider)) return { provider, unregister: () => trace.disable() };
  report(refusal('the TracerProvider'));
  return undefined;
}

/** Adds the span processor of the pipeline to a running provider. */
export function joinTraces(provider: object, { report }: Surroundings, pipeline: Pipeline | undefined): void {
  if (pipeline?.spanProcessor === undefined || addSpanProcessor(provider, pipeline.spanProcessor)) return;
  report(
    'another TracerProvider is registered that is not of the OpenTelemetry SDK: only log records start bursts, and held records of a trace are discarded after one idle minute',
  );
}
