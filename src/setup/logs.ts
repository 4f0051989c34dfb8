import { registerLoggerProvider } from '../record/index.ts';
import type { StartOptions } from './options.ts';
import {
  type Pipeline,
  type ProcessorPipeline,
  type ProviderPipeline,
  processorPipeline,
} from './pipeline.ts';
import { refusal } from './registered-api.ts';
import { replaceLogProcessors } from './running-providers.ts';
import { asOne } from './several-processors.ts';
import type { Surroundings } from './surroundings.ts';

/** Makes the provider of the pipeline the global one. @returns what takes it back; undefined if it was refused */
export function registerLogs(
  { provider }: ProviderPipeline,
  { report }: Surroundings,
): (() => void) | undefined {
  try {
    return registerLoggerProvider(provider);
  } catch {
    report(refusal('the LoggerProvider'));
    return undefined;
  }
}

/** Records of a provider that runs already go through the pipeline, then to where they went before. */
export function joinLogs(
  provider: object,
  surroundings: Surroundings,
  options: StartOptions,
): Pipeline | undefined {
  let pipeline: ProcessorPipeline | undefined;
  const isJoined = replaceLogProcessors(provider, (inner) => {
    pipeline = processorPipeline(surroundings, options, [inner]);
    return pipeline === undefined ? inner : asOne(pipeline.processors);
  });
  if (!isJoined) {
    surroundings.report(
      'another LoggerProvider is registered, and it is none of the OpenTelemetry SDK, so nothing is held: start burstlog first, or set OTEL_LOGS_EXPORTER=none for what registers it',
    );
  }
  return pipeline;
}
