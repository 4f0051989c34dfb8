import { bridgeApiLogs } from '../record/index.ts';
import { registerContextManager } from './context-manager.ts';
import { enableInstrumentations, installedInstrumentations, reportEarlyLoggers } from './instrumentations.ts';
import { joinLogs, registerLogs } from './logs.ts';
import type { StartOptions } from './options.ts';
import { providerPipeline } from './pipeline.ts';
import { registerPropagator } from './propagator.ts';
import { makeResource } from './resource.ts';
import { runningLoggerProvider, runningTracerProvider } from './running-providers.ts';
import type { Parts } from './started.ts';
import type { Surroundings } from './surroundings.ts';
import { joinTraces, startTraces } from './traces.ts';

/** Registers the components that are not registered yet, and joins the existing ones. */
export function setUp(surroundings: Surroundings, options: StartOptions): Parts {
  const { environment, packages, entryFolder, report } = surroundings;
  reportEarlyLoggers(packages, report);
  const later = laterSdk();
  if (later !== undefined) {
    report(
      `${later} is loaded after burstlog, so OpenTelemetry refuses its registrations: load it before burstlog`,
    );
  }
  const logsBefore = runningLoggerProvider();
  const tracesBefore = runningTracerProvider();
  const undoContext = registerContextManager(packages);
  const undoPropagator = registerPropagator(environment, packages);
  const resource =
    logsBefore !== undefined && tracesBefore !== undefined
      ? undefined
      : makeResource(environment, packages, resourceAttributes(surroundings, options), entryFolder);

  const own = logsBefore === undefined ? providerPipeline(surroundings, options, resource) : undefined;
  const pipeline = logsBefore === undefined ? own : joinLogs(logsBefore, surroundings, options);
  if (tracesBefore !== undefined) joinTraces(tracesBefore, surroundings, pipeline);
  const traces = tracesBefore === undefined ? startTraces(surroundings, pipeline, resource) : undefined;
  const undoLogs = own && registerLogs(own, surroundings);
  bridgeApiLogs();
  const isAlone = logsBefore === undefined && tracesBefore === undefined;
  const undoInstrumentations = startInstrumentations(surroundings, options, isAlone);
  return {
    burst: pipeline?.burst,
    logs: own?.provider,
    processors: pipeline?.behind,
    resource,
    providers: [traces?.provider, own?.provider].filter((provider) => provider !== undefined),
    undoSteps: [undoInstrumentations, undoLogs, traces?.unregister, undoPropagator, undoContext].filter(
      (undo) => undo !== undefined,
    ),
  };
}

/** Returns another SDK that Node.js preloads after burstlog. */
function laterSdk(): string | undefined {
  const options = [process.env.NODE_OPTIONS ?? '', ...process.execArgv].join(' ');
  const at = options.indexOf('burstlog/register');
  return at < 0
    ? undefined
    : /@opentelemetry\/auto-instrumentations-node\/register/.exec(options.slice(at))?.[0];
}

function resourceAttributes({ settings, file }: Surroundings, options: StartOptions) {
  const { serviceName } = settings;
  return {
    ...file?.resourceAttributes,
    ...(serviceName === undefined ? {} : { 'service.name': serviceName }),
    ...options.resourceAttributes,
  };
}

function startInstrumentations(
  { settings, environment, packages, entry, entryFolder, report }: Surroundings,
  { instrumentations }: StartOptions,
  isAlone: boolean,
): (() => void) | undefined {
  if (typeof instrumentations === 'object')
    return enableInstrumentations(instrumentations, packages, entry, report);
  // A running SDK has its own instrumentations, and a second set would record every call twice.
  if (!(settings.instrumentations ?? isAlone)) return undefined;
  return enableInstrumentations(
    installedInstrumentations(environment, packages, entryFolder, report),
    packages,
    entry,
    report,
  );
}
