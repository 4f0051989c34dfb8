import type { OtelEnvironment } from './otel-environment.ts';

/** A sampler of either line. */
export interface SamplerLike {
  // biome-ignore lint/suspicious/noExplicitAny: the lines type the parameters differently.
  shouldSample(...parameters: any[]): { readonly decision: number };
  toString(): string;
}

/** The samplers of `@opentelemetry/sdk-trace` and of `@opentelemetry/sdk-trace-base`. */
export interface Samplers {
  readonly AlwaysOnSampler: new () => SamplerLike;
  readonly AlwaysOffSampler: new () => SamplerLike;
  readonly ParentBasedSampler: new (options: { root: SamplerLike }) => SamplerLike;
  readonly TraceIdRatioBasedSampler: new (ratio: number) => SamplerLike;
}

const KNOWN = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/**
 * Returns the sampler of `OTEL_TRACES_SAMPLER`; undefined if it is not set, so that the SDK's default
 * applies.
 */
export function samplerOf(environment: OtelEnvironment, samplers: Samplers): SamplerLike | undefined {
  const name = environment.choice(KNOWN, 'OTEL_TRACES_SAMPLER');
  if (name === undefined) return undefined;
  const root = rootSampler(name.replace('parentbased_', ''), environment, samplers);
  return name.startsWith('parentbased_') ? new samplers.ParentBasedSampler({ root }) : root;
}

/** Returns the SDK's default sampler. */
export function defaultSampler(samplers: Samplers): SamplerLike {
  return new samplers.ParentBasedSampler({ root: new samplers.AlwaysOnSampler() });
}

function rootSampler(name: string, environment: OtelEnvironment, samplers: Samplers): SamplerLike {
  if (name === 'always_on') return new samplers.AlwaysOnSampler();
  if (name === 'always_off') return new samplers.AlwaysOffSampler();
  return new samplers.TraceIdRatioBasedSampler(environment.number(0, 1, 'OTEL_TRACES_SAMPLER_ARG') ?? 1);
}

/** `SamplingDecision` of the trace SDK. */
const NOT_RECORD = 0;
const RECORD = 1;

/**
 * Records the spans that another sampler does not sample, without exporting them, so that span processors see
 * every span. Equals `createAlwaysRecordSampler` of newer SDKs, but works with all of them.
 */
export function alwaysRecord(sampler: SamplerLike): SamplerLike {
  return {
    shouldSample(...parameters) {
      const result = sampler.shouldSample(...parameters);
      return result.decision === NOT_RECORD ? { ...result, decision: RECORD } : result;
    },
    toString: () => `AlwaysRecord{${sampler.toString()}}`,
  };
}
