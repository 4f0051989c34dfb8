import type { PluginOptions, PluginProcessor } from '../component/index.ts';
import type { LogGroup } from '../otlp/index.ts';

/** Gives a processor its types and returns it unchanged. */
export function definePluginProcessor<const O extends PluginOptions>(
  processor: PluginProcessor<O, LogGroup>,
): PluginProcessor {
  return processor as unknown as PluginProcessor;
}
