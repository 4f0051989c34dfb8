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

/** What `withBurstlog()` reads of a configuration of `NodeSDK`, of either line. All else is passed on as it is. */
interface NodeSdkConfigurationLike {
  // biome-ignore lint/suspicious/noExplicitAny: the processors of each line ask for records of their own.
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
 * `NodeSDK` drops `traceExporter` and the exporters of the environment as soon as it is given span processors, and those
 * of `OTEL_LOGS_EXPORTER` as soon as it is given processors of log records. Here they stay: log records go where they
 * went before, through the burst, and spans are exported as before. On OpenTelemetry 3.x it also builds the bridge for
 * instrumentations that still use `@opentelemetry/api-logs`.
 *
 * `activeBurstlog()` returns what it made.
 * @throws RangeError or TypeError when an option is wrong
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
    report('it was started before; withBurstlog() changes nothing');
    return configuration;
  }
  if (environment.isTrue('OTEL_SDK_DISABLED')) return configuration;
  const pipeline = processorPipeline(surroundings, options, logProcessorsOf(given));
  if (pipeline === undefined) return configuration;
  bridgeApiLogs();
  const afterwards: (() => void)[] = [];
  const takeBack = [() => undo(afterwards)];
  const started = startedFrom({ burst: pipeline.burst, providers: [], takeBack });
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

/** The burst's span processor, before all that was there. */
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

/** What exports spans, chosen as `NodeSDK` chooses. */
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
