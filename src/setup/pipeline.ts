import {
  type BurstControls,
  BurstLoggerProvider,
  BurstLogRecordProcessor,
  type BurstOptions,
} from '../burst/index.ts';
import { PriorityBatchLogRecordProcessor, RetryingLogRecordExporter } from '../export/index.ts';
import type { LogRecordExporterLike, LogRecordProcessorLike, SpanProcessorLike } from '../record/index.ts';
import { TaskLogRecordProcessor } from '../task/index.ts';
import { logExporters } from './log-exporters.ts';
import type { StartOptions } from './options.ts';
import { serviceNameOf } from './resource.ts';
import { asOne } from './several-processors.ts';
import type { Provider } from './started.ts';
import type { Surroundings } from './surroundings.ts';
import { logRecordLimits } from './trace-sdk.ts';

/** The component that holds log records, and the span processor that it needs. */
export interface Pipeline {
  readonly burst: BurstControls;
  /** Undefined if the scope does not depend on spans. */
  readonly spanProcessor: SpanProcessorLike | undefined;
  /** The processors that deliver the records behind it. */
  readonly behind: readonly LogRecordProcessorLike[];
}

/** A pipeline for a LoggerProvider that another SDK creates. */
export interface ProcessorPipeline extends Pipeline {
  /** In the order that the LoggerProvider needs. */
  readonly processors: readonly LogRecordProcessorLike[];
}

/** A pipeline in front of its own LoggerProvider. */
export interface ProviderPipeline extends Pipeline {
  readonly provider: Provider & { getLogger(name: string): object };
}

interface LogsSdk {
  readonly LoggerProvider: new (
    options: object,
  ) => ConstructorParameters<typeof BurstLoggerProvider>[0]['provider'];
}

/**
 * Creates a pipeline in front of the SDK's LoggerProvider, so that SDK records are created for quiet ones
 * only on release.
 * @returns undefined if nothing is exported or no SDK is installed
 */
export function providerPipeline(
  surroundings: Surroundings,
  options: StartOptions,
  resource: object | undefined,
): ProviderPipeline | undefined {
  const { environment, packages } = surroundings;
  const exporters = surroundings.file === undefined ? exportersOf(surroundings, options) : [];
  const processors = surroundings.file?.logProcessors ?? exporters.map((each) => delivered(each, options));
  if (processors.length === 0) return undefined;
  const sdk = packages.need<LogsSdk>('@opentelemetry/sdk-logs', 'no log records are exported');
  if (sdk === undefined) return undefined;
  const sdkProvider = (behind: readonly LogRecordProcessorLike[]) =>
    new sdk.LoggerProvider({
      processors: [new TaskLogRecordProcessor(), ...behind],
      logRecordLimits: logRecordLimits(environment),
      ...(resource === undefined ? {} : { resource }),
    });
  const { blackBox, ...holding } = burstOptions(surroundings, options);
  if (blackBox === undefined) {
    const provider = new BurstLoggerProvider({ provider: sdkProvider(processors), ...holding });
    return {
      ...{ burst: provider, provider, behind: processors },
      spanProcessor: spanProcessorOf(provider, surroundings, options),
    };
  }
  // A black box needs records that the SDK has created.
  const burst = boxedBurst(exporters, processors, options, { blackBox, ...holding });
  const provider = sdkProvider([burst]);
  return {
    ...{ burst, provider, behind: processors },
    spanProcessor: spanProcessorOf(burst, surroundings, options),
  };
}

/** With a single exporter the box also keeps undelivered records. */
function boxedBurst(
  exporters: readonly LogRecordExporterLike[],
  processors: readonly LogRecordProcessorLike[],
  options: StartOptions,
  holding: BurstOptions,
): BurstLogRecordProcessor {
  const [exporter, ...more] = exporters;
  if (exporter !== undefined && more.length === 0) {
    return new BurstLogRecordProcessor({ exporter, delivery: options.burst?.delivery, ...holding });
  }
  return new BurstLogRecordProcessor({ processor: asOne(processors), ...holding });
}

/**
 * Creates the pipeline: tasks add their attributes, the burst holds the records, and the processors behind it
 * export them to the previous destination or to the one in the settings.
 * @param inner existing exporting processors; they are wrapped unless the settings name an exporter
 * @returns undefined if nothing is exported
 */
export function processorPipeline(
  surroundings: Surroundings,
  options: StartOptions,
  inner: readonly LogRecordProcessorLike[] | undefined,
): ProcessorPipeline | undefined {
  const isChosen = options.exporter !== undefined || surroundings.settings.exporter !== undefined;
  const processors =
    inner !== undefined && !isChosen
      ? inner
      : exportersOf(surroundings, options).map((exporter) => delivered(exporter, options));
  if (processors.length === 0) return undefined;
  const burst = new BurstLogRecordProcessor({
    processor: asOne(processors),
    ...burstOptions(surroundings, options),
  });
  return {
    burst,
    processors: [new TaskLogRecordProcessor(), burst],
    behind: processors,
    spanProcessor: spanProcessorOf(burst, surroundings, options),
  };
}

function exportersOf(
  { settings, environment, packages }: Surroundings,
  { exporter }: StartOptions,
): readonly LogRecordExporterLike[] {
  return typeof exporter === 'object' ? [exporter] : logExporters(settings, environment, packages);
}

/** Batches and, unless the exporter does so itself, retries. */
function delivered(exporter: LogRecordExporterLike, { burst = {} }: StartOptions): LogRecordProcessorLike {
  const { retry, ...delivery } = burst.delivery ?? {};
  const { worstCaseMillis } = exporter as { readonly worstCaseMillis?: unknown };
  const isComplete = retry === false || typeof worstCaseMillis === 'number';
  return new PriorityBatchLogRecordProcessor({
    exporter: isComplete ? exporter : new RetryingLogRecordExporter({ exporter, ...retry }),
    ...delivery,
  });
}

function burstOptions(
  { settings, environment, entryFolder }: Surroundings,
  { burst = {} }: StartOptions,
): BurstOptions {
  const { level, emitLevel, burstLevel, scope, capacity, blackBox: directory } = settings;
  const { delivery: _, ...more } = burst;
  const service = settings.serviceName ?? serviceNameOf(environment, entryFolder);
  const blackBox = directory === undefined ? undefined : { directory, service };
  return { level, emitLevel, burstLevel, scope, capacity, blackBox, ...more };
}

function spanProcessorOf(
  burst: BurstControls,
  { settings }: Surroundings,
  options: StartOptions,
): SpanProcessorLike | undefined {
  const scope = options.burst?.scope ?? settings.scope;
  if (scope !== 'trace' && scope !== 'global') return undefined;
  return burst.spanProcessor({ slowerThanMillis: settings.slowerThanMillis });
}
