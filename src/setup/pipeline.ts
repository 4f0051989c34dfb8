import { BurstLogRecordProcessor, type BurstOptions } from '../burst/index.ts';
import { PriorityBatchLogRecordProcessor } from '../export/index.ts';
import type { LogRecordExporterLike, LogRecordProcessorLike, SpanProcessorLike } from '../record/index.ts';
import { TaskLogRecordProcessor } from '../task/index.ts';
import { logExporters } from './log-exporters.ts';
import type { StartOptions } from './options.ts';
import type { OtelEnvironment } from './otel-environment.ts';
import { asOne } from './several-processors.ts';
import type { Surroundings } from './surroundings.ts';
import { batchOptions } from './trace-sdk.ts';

/** What log records pass through, and what watches the spans for it. */
export interface Pipeline {
  readonly burst: BurstLogRecordProcessor;
  /** In the order in which a LoggerProvider needs them. */
  readonly processors: readonly LogRecordProcessorLike[];
  /** Undefined if the scope is one that spans do not belong to. */
  readonly spanProcessor: SpanProcessorLike | undefined;
}

/**
 * Makes the pipeline: tasks mark their records, the burst holds them, then they go to where the settings say, or to what
 * was there before.
 * @param inner processors that export; they are wrapped unless the settings name an exporter
 * @returns undefined if nothing is to be exported
 */
export function makePipeline(
  surroundings: Surroundings,
  options: StartOptions,
  inner?: readonly LogRecordProcessorLike[] | undefined,
): Pipeline | undefined {
  const { settings, environment, packages } = surroundings;
  const { level, emitLevel, burstLevel, scope, capacity, slowerThanMillis } = settings;
  const { delivery: _, ...more } = options.burst ?? {};
  const burstOptions: BurstOptions = { level, emitLevel, burstLevel, scope, capacity, ...more };
  const isChosen = options.exporter !== undefined || settings.exporter !== undefined;
  const wrapped = isChosen || inner === undefined ? undefined : asOne(inner);
  const exporters =
    typeof options.exporter === 'object'
      ? [options.exporter]
      : wrapped === undefined
        ? logExporters(settings, environment, packages)
        : [];
  if (wrapped === undefined && exporters.length === 0) return undefined;
  const burst =
    wrapped === undefined
      ? exportingBurst(exporters, environment, options, burstOptions)
      : new BurstLogRecordProcessor({ processor: wrapped, ...burstOptions });
  const actualScope = burstOptions.scope;
  const spanProcessor =
    actualScope === 'trace' || actualScope === 'global'
      ? burst.spanProcessor({ slowerThanMillis })
      : undefined;
  return { burst, processors: [new TaskLogRecordProcessor(), burst], spanProcessor };
}

function exportingBurst(
  exporters: readonly LogRecordExporterLike[],
  environment: OtelEnvironment,
  { burst = {} }: StartOptions,
  options: BurstOptions,
): BurstLogRecordProcessor {
  const [only, ...more] = exporters;
  if (only !== undefined && more.length === 0) {
    const delivery = { ...batchOptions('BLRP', environment), ...burst.delivery };
    return new BurstLogRecordProcessor({ exporter: only, ...options, delivery });
  }
  const batched = exporters.map((exporter) => new PriorityBatchLogRecordProcessor({ exporter }));
  return new BurstLogRecordProcessor({ processor: asOne(batched), ...options });
}
