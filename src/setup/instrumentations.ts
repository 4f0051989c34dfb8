import { register } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { armImmediate, bridgeApiLogs, errorText, isHooked } from '../record/index.ts';
import type { InstrumentationLike } from './options.ts';
import type { OtelEnvironment } from './otel-environment.ts';
import { manifestAbove, type Packages } from './packages.ts';
import { undo } from './started.ts';

interface InstrumentationModule {
  registerInstrumentations(options: object): () => void;
}
interface AutoInstrumentations {
  getNodeAutoInstrumentations(): InstrumentationLike[];
}
type Exports = Readonly<Record<string, unknown>>;

const PREFIX = '@opentelemetry/instrumentation-';
/** Loggers whose records are captured if their instrumentation is installed. */
const LOGGERS: readonly string[] = ['pino', 'winston', 'bunyan'];
/** `burstlog/pino` needs no instrumentation. */
const PINO_CONSEQUENCE = 'records of pino are seen only with withBurstlog() of burstlog/pino';

/**
 * Returns the instrumentations that the application has installed: all of
 * `@opentelemetry/auto-instrumentations-node`, or those named in its package.json, and those of the loggers
 * pino, winston, bunyan and console. `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and
 * `OTEL_NODE_DISABLED_INSTRUMENTATIONS` are respected.
 */
export function installedInstrumentations(
  environment: OtelEnvironment,
  packages: Packages,
  entryFolder: string,
  report: (message: string) => void,
): readonly InstrumentationLike[] {
  const auto = packages.load<AutoInstrumentations>('@opentelemetry/auto-instrumentations-node');
  const found = attempted(() => auto?.getNodeAutoInstrumentations(), 'the instrumentations', report) ?? [];
  const named = auto === undefined ? namedInstrumentations(packages, entryFolder) : ['console'];
  const enabled = environment.list('OTEL_NODE_ENABLED_INSTRUMENTATIONS');
  const disabled = environment.list('OTEL_NODE_DISABLED_INSTRUMENTATIONS') ?? [];
  const wanted = named.filter((name) => enabled?.includes(name) !== false && !disabled.includes(name));
  return [
    ...found,
    ...wanted
      .map((name) => attempted(() => instrumentationOf(name, packages), PREFIX + name, report))
      .filter((each) => each !== undefined),
  ];
}

/** Returns the short names of the instrumentations to load. */
function namedInstrumentations(packages: Packages, entryFolder: string): readonly string[] {
  const dependencies = Object.keys(manifestAbove(entryFolder)?.dependencies ?? {});
  const named = dependencies
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => name.slice(PREFIX.length));
  for (const logger of LOGGERS) {
    if (packages.find(logger) === undefined) continue;
    const consequence = logger === 'pino' ? PINO_CONSEQUENCE : `records of ${logger} are not seen`;
    packages.need(PREFIX + logger, consequence);
  }
  return [...new Set([...named, ...LOGGERS, 'console'])];
}

function instrumentationOf(name: string, packages: Packages): InstrumentationLike | undefined {
  const exports = packages.load<Exports>(PREFIX + name) ?? {};
  const found = Object.keys(exports).find((key) => key.endsWith('Instrumentation'));
  const Instrumentation = exports[found ?? ''];
  if (typeof Instrumentation !== 'function') return undefined;
  return new (Instrumentation as new () => InstrumentationLike)();
}

/**
 * Enables instrumentations and, if the application is an ES module, the hook that they need for ES modules.
 * On OpenTelemetry 3.x it also installs the bridge for those that still use `@opentelemetry/api-logs`.
 * @returns a function that disables them
 */
export function enableInstrumentations(
  instrumentations: readonly InstrumentationLike[],
  packages: Packages,
  entry: string | undefined,
  report: (message: string) => void,
): () => void {
  bridgeApiLogs();
  if (instrumentations.length === 0) return () => {};
  const module = packages.load<InstrumentationModule>('@opentelemetry/instrumentation');
  const disables = instrumentations.map((each) =>
    attempted(
      () => module?.registerInstrumentations({ instrumentations: [each] }),
      each.instrumentationName,
      report,
    ),
  );
  if (isEsModule(entry)) attempted(() => registerModuleHook(packages), 'the hook for ES modules', report);
  return () => undo(disables.filter((disable) => disable !== undefined));
}

/** Reports an instrumentation that throws and skips it, so that the application starts. */
function attempted<T>(make: () => T, name: string, report: (message: string) => void): T | undefined {
  try {
    return make();
  } catch (error) {
    report(`${name} cannot be used: ${errorText(error)}`);
    return undefined;
  }
}

/**
 * Reports the loggers that were loaded before their instrumentation, which cannot patch them. `burstlog/pino`
 * needs no patch; whether the application uses it is known after its first turn of the event loop.
 */
export function reportEarlyLoggers(packages: Packages, report: (message: string) => void): void {
  const early = LOGGERS.filter((name) => packages.isLoaded(name));
  const name = (loggers: readonly string[]) => {
    if (loggers.length === 0) return;
    report(
      `${loggers.join(', ')} was loaded before burstlog, so its records are not seen: load burstlog first`,
    );
  };
  name(early.filter((logger) => logger !== 'pino'));
  if (early.includes('pino')) armImmediate(() => name(isHooked('pino') ? [] : ['pino']));
}

function isEsModule(entry: string | undefined): boolean {
  if (entry === undefined) return false;
  const extension = extname(entry);
  if (extension === '.mjs' || extension === '.mts') return true;
  return extension !== '.cjs' && extension !== '.cts' && manifestAbove(entry)?.type === 'module';
}

/** Registers the hook of `@opentelemetry/instrumentation`, unless the command line already does. */
function registerModuleHook(packages: Packages): void {
  const given = `${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS ?? ''}`;
  const hook = packages.find('@opentelemetry/instrumentation/hook.mjs');
  if (hook !== undefined && !given.includes('hook.mjs')) register(pathToFileURL(hook));
}
