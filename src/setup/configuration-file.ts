import type { LogRecordProcessorLike, SpanProcessorLike } from '../record/index.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { entryOf, logProcessorOf, type Model, spanProcessorOf } from './file-components.ts';
import { OtelEnvironment } from './otel-environment.ts';
import type { Packages } from './packages.ts';
import { pairsIn } from './pairs.ts';
import { settings as definition } from './settings.ts';
import { traceSdk } from './trace-sdk.ts';

interface ConfigurationPackage {
  /** OpenTelemetry 3.x. */
  parseConfigFile?(path: string): Model;
  /** 2.x: it reads `OTEL_CONFIG_FILE` itself. */
  createConfigFactory?(): { getConfigModel(): Model };
}

/** A declarative configuration, which replaces the environment variables. */
export interface ConfigurationFile {
  readonly isDisabled: boolean;
  /** The configuration, expressed as the environment variables of the specification. */
  readonly variables: Environment;
  /** The properties of `burst/development`, as options. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly resourceAttributes: Readonly<Record<string, unknown>>;
  /** The processors that export log records, all of them behind the burst. */
  readonly logProcessors: readonly LogRecordProcessorLike[];
  readonly spanProcessors: readonly SpanProcessorLike[];
}

const PACKAGE = '@opentelemetry/configuration';

/**
 * Reads a file of OpenTelemetry's declarative configuration with the official parser. If it cannot be parsed,
 * or names an unknown component, the error is reported and nothing is set up, as in the official SDK.
 */
export function readConfigurationFile(
  path: string,
  packages: Packages,
  report: (message: string) => void,
): ConfigurationFile {
  try {
    return read(path, packages);
  } catch (error) {
    report(`the configuration ${path} cannot be used, so nothing is set up: ${(error as Error).message}`);
    return { ...NOTHING, isDisabled: true };
  }
}

const NOTHING: ConfigurationFile = {
  isDisabled: false,
  variables: {},
  settings: {},
  resourceAttributes: {},
  logProcessors: [],
  spanProcessors: [],
};

function read(path: string, packages: Packages): ConfigurationFile {
  const parser = packages.load<ConfigurationPackage>(PACKAGE);
  if (parser === undefined) throw new Error(`OTEL_CONFIG_FILE needs ${PACKAGE}: npm i ${PACKAGE}`);
  const model = parser.parseConfigFile?.(path) ?? parser.createConfigFactory?.().getConfigModel() ?? {};
  const logProcessors = listOf(model.logger_provider, 'processors');
  const spanProcessors = listOf(model.tracer_provider, 'processors');
  const sdk = traceSdk(new OtelEnvironment({}, () => {}), packages);
  const burst = logProcessors.find((each) => entryOf(each, 'LogRecordProcessor')[0] === 'burst/development');
  return {
    isDisabled: model.disabled === true,
    variables: variablesOf(model),
    settings: burst === undefined ? {} : burstSettings(entryOf(burst, 'LogRecordProcessor')[1]),
    resourceAttributes: resourceAttributesOf(model.resource),
    logProcessors: logProcessors.map((each) => logProcessorOf(each, packages)),
    spanProcessors:
      sdk === undefined ? [] : spanProcessors.map((each) => spanProcessorOf(each, packages, sdk)),
  };
}

/** Reads the properties as options: `emit_level` is the option `emitLevel`. */
export function burstSettings({ exporter, ...properties }: Model): Readonly<Record<string, unknown>> {
  const variables = Object.fromEntries(
    Object.entries(properties)
      // A property that is null counts as absent.
      .filter(([, value]) => value != null)
      .map(([key, value]) => [`BURSTLOG_${key.toUpperCase()}`, String(value)]),
  );
  return readEnvironment(definition, variables, (message) => {
    throw new Error(`burst/development: ${asProperties(message)}`);
  });
}

/** Rewrites a message about variables into one about properties of a file. */
function asProperties(message: string): string {
  return message
    .replaceAll(/BURSTLOG_\w+/g, (name) => name.slice('BURSTLOG_'.length).toLowerCase())
    .replace('; it is ignored', '');
}

/** `attributes` take precedence over `attributes_list`. */
function resourceAttributesOf(resource: unknown): Readonly<Record<string, unknown>> {
  const { attributes_list: list } = (resource ?? {}) as Model;
  const attributes = listOf(resource, 'attributes') as readonly { name: string; value: unknown }[];
  return {
    ...pairsIn('resource.attributes_list', list),
    ...Object.fromEntries(attributes.map(({ name, value }) => [name, value])),
  };
}

function variablesOf(model: Model): Environment {
  const propagators = listOf(model.propagator, 'composite').map(
    (each) => entryOf(each, 'TextMapPropagator')[0],
  );
  const list = (model.propagator as Model | undefined)?.composite_list;
  return {
    OTEL_PROPAGATORS: [...propagators, ...(typeof list === 'string' ? [list] : [])].join(','),
    ...samplerVariables((model.tracer_provider as Model | undefined)?.sampler),
  };
}

function samplerVariables(model: unknown): Environment {
  if (model == null) return {};
  const [name, properties] = entryOf(model, 'Sampler');
  const isParentBased = name === 'parent_based';
  const [root, { ratio }] = isParentBased
    ? entryOf(properties.root ?? { always_on: null }, 'Sampler')
    : [name, properties];
  const known = { always_on: 'always_on', always_off: 'always_off', trace_id_ratio_based: 'traceidratio' };
  const sampler = known[root as keyof typeof known];
  if (sampler === undefined) throw new Error(`unknown Sampler name: "${root}"`);
  return {
    OTEL_TRACES_SAMPLER: isParentBased ? `parentbased_${sampler}` : sampler,
    ...(typeof ratio === 'number' ? { OTEL_TRACES_SAMPLER_ARG: String(ratio) } : {}),
  };
}

function listOf(holder: unknown, key: string): readonly unknown[] {
  const list = (holder as Model | null | undefined)?.[key];
  return Array.isArray(list) ? list : [];
}
