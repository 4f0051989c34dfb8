import { propagation, type TextMapPropagator } from '@opentelemetry/api';
import type { OtelEnvironment } from './otel-environment.ts';
import type { Packages } from './packages.ts';
import { registeredApi } from './registered-api.ts';

interface Core {
  readonly W3CTraceContextPropagator: new () => TextMapPropagator;
  readonly W3CBaggagePropagator: new () => TextMapPropagator;
  readonly CompositePropagator: new (options: { propagators: TextMapPropagator[] }) => TextMapPropagator;
}
interface B3 {
  readonly B3Propagator: new (options?: { injectEncoding: number }) => TextMapPropagator;
}
interface Jaeger {
  readonly JaegerPropagator: new () => TextMapPropagator;
}

const KNOWN = ['tracecontext', 'baggage', 'b3', 'b3multi', 'jaeger', 'none'] as const;
/** `B3InjectEncoding.MULTI_HEADER` of `@opentelemetry/propagator-b3`. */
const MULTI_HEADER = 1;

/**
 * Registers the propagators of `OTEL_PROPAGATORS`, by default W3C trace context and baggage, unless there are
 * some.
 * @returns a function that unregisters them
 */
export function registerPropagator(
  environment: OtelEnvironment,
  packages: Packages,
): (() => void) | undefined {
  if (registeredApi()?.propagation !== undefined) return undefined;
  const names = environment.choices('OTEL_PROPAGATORS', KNOWN) ?? ['tracecontext', 'baggage'];
  if (names.includes('none') || names.length === 0) return undefined;
  const core = packages.load<Core>('@opentelemetry/core');
  if (core === undefined) return undefined;
  const propagators = names
    .map((name) => propagatorOf(name, core, packages))
    .filter((propagator) => propagator !== undefined);
  if (!propagation.setGlobalPropagator(new core.CompositePropagator({ propagators }))) return undefined;
  return () => propagation.disable();
}

function propagatorOf(name: string, core: Core, packages: Packages): TextMapPropagator | undefined {
  const because = `OTEL_PROPAGATORS includes ${name}`;
  switch (name) {
    case 'tracecontext':
      return new core.W3CTraceContextPropagator();
    case 'baggage':
      return new core.W3CBaggagePropagator();
    case 'jaeger': {
      const jaeger = packages.need<Jaeger>('@opentelemetry/propagator-jaeger', because);
      return jaeger && new jaeger.JaegerPropagator();
    }
    default: {
      const b3 = packages.need<B3>('@opentelemetry/propagator-b3', because);
      if (b3 === undefined) return undefined;
      return new b3.B3Propagator(...(name === 'b3multi' ? [{ injectEncoding: MULTI_HEADER }] : []));
    }
  }
}
