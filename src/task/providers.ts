import { type Tracer, trace } from '@opentelemetry/api';
import { globalLoggerProvider, type LoggerLike } from '../record/index.ts';

/** Name of the instrumentation scope of tasks. */
const SCOPE = 'burstlog';

/**
 * The tracer and the logger of tasks, looked up anew each time, because providers may be registered after the
 * first task; kept by provider, because getting one is not cheap.
 */
class Providers {
  readonly #tracers = new WeakMap<object, Tracer>();
  readonly #loggers = new WeakMap<object, LoggerLike>();

  tracer(): Tracer {
    const provider = trace.getTracerProvider();
    let tracer = this.#tracers.get(provider);
    if (tracer === undefined) {
      tracer = provider.getTracer(SCOPE);
      this.#tracers.set(provider, tracer);
    }
    return tracer;
  }

  /** undefined: no LoggerProvider is registered. */
  logger(): LoggerLike | undefined {
    const provider = globalLoggerProvider();
    if (provider === undefined) return undefined;
    let logger = this.#loggers.get(provider);
    if (logger === undefined) {
      logger = provider.getLogger(SCOPE);
      this.#loggers.set(provider, logger);
    }
    return logger;
  }
}

/** What was found; asked anew each time, so it is a memory, not a state. */
export const providers: Providers = new Providers();
