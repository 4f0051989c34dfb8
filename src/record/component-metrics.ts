import type { Attributes } from '@opentelemetry/api';
import type { MeterProviderLike, MetricOptionsLike, ObservableLike, ObservableResultLike } from './otel.ts';
import { armImmediate } from './timers.ts';

/** Observes one value of a metric. */
export type Observe = (value: number, attributes?: Attributes) => void;

/**
 * The property of a MeterProvider that counts its components by type. It is a registered symbol, because two
 * copies of this package may share a provider.
 */
const COMPONENTS = Symbol.for('burstlog.components');

/**
 * The metrics of one component, such as a processor. They are read from its counters on collection, so the
 * hot path has no cost. All values have the name of the component as attribute (semantic conventions,
 * docs/otel/sdk-metrics.md); otherwise two components would overwrite each other.
 *
 * After `end()` the component is no longer kept alive: the next collection reports its last values, then its
 * callbacks are removed.
 */
export class ComponentMetrics {
  /** `otel.component.name` */
  readonly name: string;
  readonly #meter: ReturnType<MeterProviderLike['getMeter']>;
  readonly #component: Attributes;
  readonly #callbacks: {
    readonly instrument: ObservableLike;
    readonly callback: (result: ObservableResultLike) => void;
  }[] = [];
  #isEnded = false;

  /** @param name the component name; default: the type and a number, such as `burst_log_processor/0` */
  constructor(meterProvider: MeterProviderLike, type: string, name: string | undefined) {
    this.name = name ?? `${type}/${countOf(meterProvider, type)}`;
    this.#meter = meterProvider.getMeter('burstlog');
    this.#component = { 'otel.component.name': this.name, 'otel.component.type': type };
  }

  /** Adds a monotonic counter. */
  counter(name: string, options: MetricOptionsLike, read: (observe: Observe) => void): void {
    this.#add(this.#meter.createObservableCounter(name, options), read);
  }

  /** Adds an up-down counter. */
  level(name: string, options: MetricOptionsLike, read: (observe: Observe) => void): void {
    this.#add(this.#meter.createObservableUpDownCounter(name, options), read);
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const { instrument, callback } of this.#callbacks) {
      instrument.removeCallback(callback);
      reportOnce(instrument, callback);
    }
  }

  #add(instrument: ObservableLike, read: (observe: Observe) => void): void {
    const component = this.#component;
    const callback = (result: ObservableResultLike) =>
      read((value, attributes) => result.observe(value, { ...component, ...attributes }));
    instrument.addCallback(callback);
    this.#callbacks.push({ instrument, callback });
  }
}

/**
 * Reports the values once more, at the next collection: the current values if the component still exists
 * then, otherwise the values of now.
 */
function reportOnce(instrument: ObservableLike, read: (result: ObservableResultLike) => void): void {
  const values: [number, Attributes | undefined][] = [];
  read({ observe: (value, attributes) => void values.push([value, attributes]) });
  const live = new WeakRef(read);
  const callback = (result: ObservableResultLike) => {
    const readLive = live.deref();
    if (readLive !== undefined) readLive(result);
    else for (const [value, attributes] of values) result.observe(value, attributes);
    // Deferred, because the SDK is iterating over its callbacks.
    armImmediate(() => instrument.removeCallback(callback));
  };
  instrument.addCallback(callback);
}

/** Counts a component. @returns the number of components of this type that the provider had before */
function countOf(
  meterProvider: MeterProviderLike & { [COMPONENTS]?: Map<string, number> },
  type: string,
): number {
  try {
    meterProvider[COMPONENTS] ??= new Map();
    const count = meterProvider[COMPONENTS].get(type) ?? 0;
    meterProvider[COMPONENTS].set(type, count + 1);
    return count;
  } catch {
    // The provider is frozen.
    return 0;
  }
}
