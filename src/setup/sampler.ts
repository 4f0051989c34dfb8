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

/** The sampler of `OTEL_TRACES_SAMPLER`; undefined if it is not set: the SDK has a default. */
export function samplerOf(environment: OtelEnvironment, samplers: Samplers): SamplerLike | undefined {
  const name = environment.choice(KNOWN, 'OTEL_TRACES_SAMPLER');
  if (name === undefined) return undefined;
  const root = rootSampler(name.replace('parentbased_', ''), environment, samplers);
  return name.startsWith('parentbased_') ? new samplers.ParentBasedSampler({ root }) : root;
}

/** What the SDK samples with by default. */
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
 * A sampler that records the spans which another one does not sample, without exporting them: span processors then see
 * every span. It is `createAlwaysRecordSampler` of newer SDKs, for all of them.
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
