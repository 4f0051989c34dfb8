import type { Attributes } from '@opentelemetry/api';
import type { MeterProviderLike, MetricOptionsLike, ObservableLike, ObservableResultLike } from './otel.ts';
import { armImmediate } from './timers.ts';

/** Observes one value of a metric. */
export type Observe = (value: number, attributes?: Attributes) => void;

/**
 * Where a MeterProvider keeps how many components of each type it has. Two copies of this package may meet.
 */
const COMPONENTS = Symbol.for('burstlog.components');

/**
 * The metrics of one component, such as a processor. They are read from its counters when a reader collects,
 * so that the hot path pays nothing. All values carry the name of the component (semantic conventions,
 * docs/otel/sdk-metrics.md), else two of them would overwrite each other.
 *
 * After `end()` the component is no longer kept alive: the next collection shows its last values, then its
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

  /** @param name undefined: the type and a number, `burst_log_processor/0` */
  constructor(meterProvider: MeterProviderLike, type: string, name: string | undefined) {
    this.name = name ?? `${type}/${countOf(meterProvider, type)}`;
    this.#meter = meterProvider.getMeter('burstlog');
    this.#component = { 'otel.component.name': this.name, 'otel.component.type': type };
  }

  /** A metric that only grows. */
  counter(name: string, options: MetricOptionsLike, read: (observe: Observe) => void): void {
    this.#add(this.#meter.createObservableCounter(name, options), read);
  }

  /** A metric that grows and shrinks. */
  level(name: string, options: MetricOptionsLike, read: (observe: Observe) => void): void {
    this.#add(this.#meter.createObservableUpDownCounter(name, options), read);
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const { instrument, callback } of this.#callbacks) {
      instrument.removeCallback(callback);
      showOnce(instrument, callback);
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
 * Shows the values once more: those of then, as long as somebody else holds the component, else those of now.
 */
function showOnce(instrument: ObservableLike, read: (result: ObservableResultLike) => void): void {
  const values: [number, Attributes | undefined][] = [];
  read({ observe: (value, attributes) => void values.push([value, attributes]) });
  const live = new WeakRef(read);
  const callback = (result: ObservableResultLike) => {
    const readLive = live.deref();
    if (readLive !== undefined) readLive(result);
    else for (const [value, attributes] of values) result.observe(value, attributes);
    // Not while the SDK walks through its callbacks.
    armImmediate(() => instrument.removeCallback(callback));
  };
  instrument.addCallback(callback);
}

/** How many components of a type the provider had before this one. */
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
    // It is frozen.
    return 0;
  }
}
