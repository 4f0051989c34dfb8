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

/** Registers a TracerProvider that exports as the environment says, and that the pipeline watches. */
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
  if (trace.setGlobalTracerProvider(provider)) return { provider, takeBack: () => trace.disable() };
  report(refusal('the TracerProvider'));
  return undefined;
}

/** Lets the pipeline watch the spans of a provider that runs already. */
export function joinTraces(provider: object, { report }: Surroundings, pipeline: Pipeline | undefined): void {
  if (pipeline?.spanProcessor === undefined || addSpanProcessor(provider, pipeline.spanProcessor)) return;
  report(
    'another TracerProvider is registered, and it is none of the OpenTelemetry SDK: bursts start from log records only, and held records of a trace are discarded after a minute of silence',
  );
}
