import { bridgeApiLogs, type LogRecordProcessorLike, type SpanProcessorLike } from '../record/index.ts';
import { activate, activeBurstlog } from './active.ts';
import type { StartOptions } from './options.ts';
import { processorPipeline } from './pipeline.ts';
import { runtimeControls } from './runtime-controls.ts';
import { alwaysRecord, defaultSampler, type SamplerLike, samplerOf } from './sampler.ts';
import { exportingSpanProcessors } from './span-processors.ts';
import { startedFrom, undo } from './started.ts';
import { type Surroundings, surroundingsOf } from './surroundings.ts';
import { type TraceSdk, traceSdk } from './trace-sdk.ts';

/**
 * The part of a `NodeSDK` configuration, of either line, that `withBurstlog()` reads. The rest is passed on
 * unchanged.
 */
interface NodeSdkConfigurationLike {
  // biome-ignore lint/suspicious/noExplicitAny: each line has its own record type.
  readonly logRecordProcessors?: any[] | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly logRecordProcessor?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly spanProcessors?: any[] | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly spanProcessor?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly traceExporter?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly sampler?: any;
}

/**
 * Adds bursts to the configuration of a `NodeSDK`: `new NodeSDK(withBurstlog({ … })).start()`.
 *
 * If `NodeSDK` is given span processors, it ignores `traceExporter` and the exporters of the environment. If
 * it is given log record processors, it ignores `OTEL_LOGS_EXPORTER`. This function keeps them: log records
 * reach the same destination through the burst, and spans are exported as before. On OpenTelemetry 3.x it
 * also installs the bridge for instrumentations that still use `@opentelemetry/api-logs`.
 *
 * `activeBurstlog()` returns the created setup.
 * @throws RangeError or TypeError if an option is invalid
 */
export function withBurstlog<C extends object>(
  configuration: C = {} as C,
  options: Omit<StartOptions, 'instrumentations' | 'resourceAttributes' | 'serviceName'> = {},
): C {
  // NodeSDK does not read it either.
  const variables = { ...(options.environment ?? process.env), OTEL_CONFIG_FILE: undefined };
  const surroundings = surroundingsOf({ ...options, environment: variables });
  const { environment, packages, report } = surroundings;
  const given: NodeSdkConfigurationLike = configuration;
  if (activeBurstlog() !== undefined) {
    report('burstlog is already started; withBurstlog() has no effect');
    return configuration;
  }
  if (environment.isTrue('OTEL_SDK_DISABLED')) return configuration;
  const pipeline = processorPipeline(surroundings, options, logProcessorsOf(given));
  if (pipeline === undefined) return configuration;
  bridgeApiLogs();
  const afterwards: (() => void)[] = [];
  const undoSteps = [() => undo(afterwards)];
  const started = startedFrom({ burst: pipeline.burst, providers: [], undoSteps });
  afterwards.push(runtimeControls(started, surroundings, 'none'));
  activate(started);
  const sdk = traceSdk(environment, packages);
  const spans = sdk === undefined ? {} : spansOf(given, pipeline.spanProcessor, sdk, surroundings);
  const missing = packages.missing();
  if (missing !== undefined) report(missing);
  const logs = { logRecordProcessor: undefined, logRecordProcessors: [...pipeline.processors] };
  return { ...configuration, ...logs, ...spans };
}

function logProcessorsOf(
  configuration: NodeSdkConfigurationLike,
): readonly LogRecordProcessorLike[] | undefined {
  const { logRecordProcessors, logRecordProcessor } = configuration;
  return logRecordProcessors ?? (logRecordProcessor === undefined ? undefined : [logRecordProcessor]);
}

/** Puts the burst's span processor before the existing ones. */
function spansOf(
  configuration: NodeSdkConfigurationLike,
  own: SpanProcessorLike | undefined,
  sdk: TraceSdk,
  surroundings: Surroundings,
): NodeSdkConfigurationLike {
  const { settings, environment } = surroundings;
  const sampler = (): SamplerLike =>
    configuration.sampler ?? samplerOf(environment, sdk.samplers) ?? defaultSampler(sdk.samplers);
  return {
    ...(own === undefined
      ? {}
      : {
          spanProcessor: undefined,
          spanProcessors: [own, ...exportersOf(configuration, sdk, surroundings)],
        }),
    ...(settings.unsampledTraces === 'record' ? { sampler: alwaysRecord(sampler()) } : {}),
  };
}

/** Selects the processors that export spans as `NodeSDK` does. */
function exportersOf(
  { spanProcessors, spanProcessor, traceExporter }: NodeSdkConfigurationLike,
  sdk: TraceSdk,
  { environment, packages }: Surroundings,
): readonly SpanProcessorLike[] {
  if (spanProcessors !== undefined) return spanProcessors;
  if (spanProcessor !== undefined) return [spanProcessor];
  if (traceExporter !== undefined) return [sdk.batched(traceExporter)];
  return exportingSpanProcessors(environment, packages, sdk);
}
