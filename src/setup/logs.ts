import { registerLoggerProvider } from '../record/index.ts';
import type { StartOptions } from './options.ts';
import { makePipeline, type Pipeline } from './pipeline.ts';
import { refusal } from './registered-api.ts';
import type { MergeableResource } from './resource.ts';
import { replaceLogProcessors } from './running-providers.ts';
import { asOne } from './several-processors.ts';
import type { Provider, Started } from './started.ts';
import type { Surroundings } from './surroundings.ts';
import { logRecordLimits } from './trace-sdk.ts';

interface LogsSdk {
  readonly LoggerProvider: new (options: object) => Provider;
}

/** Registers a LoggerProvider with the pipeline. */
export function startLogs(
  { environment, packages, report }: Surroundings,
  { processors }: Pipeline,
  resource: MergeableResource | undefined,
): Started<Provider> | undefined {
  const sdk = packages.need<LogsSdk>('@opentelemetry/sdk-logs', 'no log records are exported');
  if (sdk === undefined) return undefined;
  const provider = new sdk.LoggerProvider({
    processors: [...processors],
    logRecordLimits: logRecordLimits(environment),
    ...(resource === undefined ? {} : { resource }),
  });
  try {
    return { provider, takeBack: registerLoggerProvider(provider) };
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
  let pipeline: Pipeline | undefined;
  const isJoined = replaceLogProcessors(provider, (inner) => {
    pipeline = makePipeline(surroundings, options, [inner]);
    return pipeline === undefined ? inner : asOne(pipeline.processors);
  });
  if (!isJoined) {
    surroundings.report(
      'another LoggerProvider is registered, and it is none of the OpenTelemetry SDK, so nothing is held: start burstlog first, or set OTEL_LOGS_EXPORTER=none for what registers it',
    );
  }
  return pipeline;
}
