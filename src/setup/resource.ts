import type { ResourceLike } from '../record/index.ts';
import type { OtelEnvironment } from './otel-environment.ts';
import { manifestAbove, type Packages } from './packages.ts';
import { pairsIn } from './pairs.ts';

/** A resource of `@opentelemetry/resources`. */
export interface MergeableResource extends ResourceLike {
  merge(other: MergeableResource): MergeableResource;
}

interface Resources {
  defaultResource(): MergeableResource;
  resourceFromAttributes(attributes: { readonly [key: string]: unknown }): MergeableResource;
  detectResources(options: { detectors: readonly unknown[] }): MergeableResource;
  readonly envDetector: unknown;
  readonly hostDetector: unknown;
  readonly osDetector: unknown;
  readonly processDetector: unknown;
  readonly serviceInstanceIdDetector: unknown;
}

const detectors = {
  env: 'envDetector',
  host: 'hostDetector',
  os: 'osDetector',
  process: 'processDetector',
  serviceinstance: 'serviceInstanceIdDetector',
} as const;
const VARIABLE = 'OTEL_NODE_RESOURCE_DETECTORS';

interface AutoDetectors {
  getResourceDetectors?(): readonly unknown[];
}

const SERVICE_NAME = 'service.name';

/**
 * Creates the resource from the detectors of `OTEL_NODE_RESOURCE_DETECTORS` (by default environment, process
 * and host), the given attributes, and a service name.
 */
export function makeResource(
  environment: OtelEnvironment,
  packages: Packages,
  attributes: { readonly [key: string]: unknown },
  entryFolder: string,
): MergeableResource | undefined {
  const resources = packages.load<Resources>('@opentelemetry/resources');
  if (resources === undefined) return undefined;
  const detected = resources.detectResources({ detectors: detectorsOf(environment, packages, resources) });
  const of = (some: { readonly [key: string]: unknown }) =>
    resources.resourceFromAttributes(
      Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined)),
    );
  const packageName = { [SERVICE_NAME]: manifestAbove(entryFolder)?.name };
  const given = { [SERVICE_NAME]: environment.text('OTEL_SERVICE_NAME'), ...attributes };
  // Later resources take precedence. Without any other name, the package name is the service name.
  return resources.defaultResource().merge(of(packageName)).merge(detected).merge(of(given));
}

/**
 * Uses the detectors of `@opentelemetry/resources`, or for other names
 * `@opentelemetry/auto-instrumentations-node`.
 */
function detectorsOf(
  environment: OtelEnvironment,
  packages: Packages,
  resources: Resources,
): readonly unknown[] {
  const known = [...Object.keys(detectors), 'all', 'none'];
  const isForeign = environment.list(VARIABLE)?.some((name) => !known.includes(name));
  const auto = isForeign
    ? packages.load<AutoDetectors>('@opentelemetry/auto-instrumentations-node')
    : undefined;
  if (auto?.getResourceDetectors !== undefined) return auto.getResourceDetectors();
  const names = environment.choices(VARIABLE, known) ?? ['env', 'process', 'host'];
  if (names.includes('none')) return [];
  const wanted = names.includes('all') ? Object.keys(detectors) : names;
  return wanted
    .map((name) => resources[detectors[name as keyof typeof detectors]])
    .filter((found) => found !== undefined);
}

/** Returns the service name from the environment or package.json. */
export function serviceNameOf(environment: OtelEnvironment, entryFolder: string): string | undefined {
  return (
    environment.text('OTEL_SERVICE_NAME') ||
    attributesIn(environment.text('OTEL_RESOURCE_ATTRIBUTES'))[SERVICE_NAME] ||
    manifestAbove(entryFolder)?.name
  );
}

/** Like OpenTelemetry's detector: if one attribute is invalid, all are ignored. */
function attributesIn(text: string | undefined): Readonly<Record<string, string>> {
  try {
    return pairsIn('OTEL_RESOURCE_ATTRIBUTES', text);
  } catch {
    return {};
  }
}
