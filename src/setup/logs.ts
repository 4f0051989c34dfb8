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

/**
 * Registers the provider of the pipeline as the global one.
 * @returns a function that unregisters it; undefined if the registration was refused
 */
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

/** Inserts the pipeline into a running provider, in front of the processors that it has. */
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
      'another LoggerProvider is registered that is not of the OpenTelemetry SDK; no records are held: start burstlog first, or set OTEL_LOGS_EXPORTER=none for the SDK that registers it',
    );
  }
  return pipeline;
}
