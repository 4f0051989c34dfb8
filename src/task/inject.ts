import { type Context, propagation, type SpanContext, type TextMapSetter } from '@opentelemetry/api';
import { errorText } from '../record/index.ts';
import { warnOnce } from './shared-state.ts';
import { formatTraceparent } from './traceparent.ts';

/**
 * Writes headers into the environment of a child process. Names are in upper case with underscores, such as
 * `TRACEPARENT`, as defined by OpenTelemetry's environment variable carrier. Pass a copy of `process.env`.
 */
export const environmentSetter: TextMapSetter<NodeJS.ProcessEnv> = {
  set(environment, key, value) {
    environment[key.toUpperCase().replace(/[^A-Z0-9_]/g, '_')] = value;
  },
};

interface Settable {
  set(name: string, value: string): unknown;
}

/**
 * Writes headers into objects, and into carriers with a method `set(name, value)` such as `Headers` and
 * `Map`.
 */
const anySetter: TextMapSetter<unknown> = {
  set(carrier, key, value) {
    const settable = carrier as Partial<Settable>;
    if (typeof settable.set === 'function') settable.set(key, value);
    else (carrier as Record<string, string>)[key] = value;
  },
};

/** Writes the headers of a context into a carrier. Never throws. */
export function injectInto<Carrier>(
  context: Context,
  span: SpanContext,
  carrier: Carrier,
  setter: TextMapSetter<Carrier> = anySetter,
): void {
  const wellFormed: TextMapSetter<Carrier> = {
    set(target, key, value) {
      // OpenTelemetry's own propagator writes unknown flag bits, which makes the header one digit too long.
      setter.set(target, key, key.toLowerCase() === 'traceparent' ? formatTraceparent(span) : value);
    },
  };
  try {
    if (propagation.fields().length > 0) {
      propagation.inject(context, carrier, wellFormed);
      return;
    }
    setter.set(carrier, 'traceparent', formatTraceparent(span));
    const state = span.traceState?.serialize();
    if (state !== undefined && state !== '') setter.set(carrier, 'tracestate', state);
  } catch (error) {
    warnOnce('inject', `headers could not be written into a carrier (${errorText(error)})`);
  }
}
