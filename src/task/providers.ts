import { type Tracer, type TracerProvider, trace } from '@opentelemetry/api';
import { globalLoggerProvider, type LoggerLike, type LoggerProviderLike } from '../record/index.ts';

/** Name of the instrumentation scope of tasks. */
const SCOPE = 'burstlog';

/**
 * The tracer and the logger of tasks, looked up anew each time, because providers may be registered after the
 * first task; kept by provider, because getting one is not cheap.
 */
class Providers {
  readonly #tracers = new Latest((provider: TracerProvider): Tracer => provider.getTracer(SCOPE));
  readonly #loggers = new Latest((provider: LoggerProviderLike): LoggerLike => provider.getLogger(SCOPE));

  tracer(): Tracer {
    return this.#tracers.of(trace.getTracerProvider());
  }

  /** undefined: no LoggerProvider is registered. */
  logger(): LoggerLike | undefined {
    const provider = globalLoggerProvider();
    return provider === undefined ? undefined : this.#loggers.of(provider);
  }
}

/** What was got from a provider: of the one that was asked last it is known at once. */
class Latest<Provider extends object, Got> {
  readonly #get: (provider: Provider) => Got;
  readonly #known = new WeakMap<Provider, Got>();
  #provider: Provider | undefined;
  #got: Got | undefined;

  constructor(get: (provider: Provider) => Got) {
    this.#get = get;
  }

  of(provider: Provider): Got {
    if (provider === this.#provider) return this.#got as Got;
    let got = this.#known.get(provider);
    if (got === undefined) {
      got = this.#get(provider);
      this.#known.set(provider, got);
    }
    this.#provider = provider;
    this.#got = got;
    return got;
  }
}

/** What was found; asked anew each time, so it is a memory, not a state. */
export const providers: Providers = new Providers();
