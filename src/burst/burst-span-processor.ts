import type { Trigger } from '../holding/index.ts';
import { spanFingerprint } from '../limit/index.ts';
import {
  type Clock,
  errorText,
  RateLimitedWarnings,
  type SpanLike,
  type SpanProcessorLike,
  systemClock,
} from '../record/index.ts';

/** The options of `spanProcessor()`: which spans are triggers, and when a trace settles. */
export interface BurstSpanProcessorOptions {
  /**
   * Whether a span that ends with status ERROR is a trigger. A function decides for each such span; if it
   * throws, the span is a trigger. Default true.
   */
  readonly errors?: boolean | ((span: SpanLike) => boolean) | undefined;
  /** A span whose duration exceeds this value is a trigger, in milliseconds. Default: disabled. */
  readonly slowerThanMillis?: number | undefined;
  /**
   * How long after the end of its last span a trace settles if no span starts, in milliseconds. Default
   * 1,000.
   */
  readonly lingerMillis?: number | undefined;
}

/** `SpanStatusCode.ERROR` of `@opentelemetry/api`. */
const STATUS_ERROR = 2;

/** Receives the events of the span processor. */
export interface SpanListener {
  spanStarted(traceId: string): void;
  spanEnded(traceId: string): void;
  spanTriggered(traceId: string, trigger: Trigger): void;
}

/**
 * Reports the start, end and failure of spans. It exports nothing. The SDK calls span processors for recorded
 * spans only, so an unsampled trace bursts by its logs only.
 */
export class BurstSpanProcessor implements SpanProcessorLike {
  readonly #listener: SpanListener;
  readonly #errors: boolean | ((span: SpanLike) => boolean);
  readonly #slowerThanMillis: number;
  readonly #warnings: RateLimitedWarnings;

  constructor(listener: SpanListener, options: BurstSpanProcessorOptions, clock: Clock = systemClock) {
    this.#listener = listener;
    this.#errors = options.errors ?? true;
    this.#slowerThanMillis = options.slowerThanMillis ?? Number.POSITIVE_INFINITY;
    this.#warnings = new RateLimitedWarnings('BurstSpanProcessor', clock);
  }

  onStart(span: SpanLike): void {
    this.#guarded(() => this.#listener.spanStarted(span.spanContext().traceId));
  }

  onEnd(span: SpanLike): void {
    this.#guarded(() => {
      const millis = span.duration[0] * 1e3 + span.duration[1] / 1e6;
      if (span.status.code === STATUS_ERROR && this.#isError(span)) {
        this.#trigger('span_error', span);
      } else if (millis > this.#slowerThanMillis) {
        this.#trigger('span_slow', span);
      }
    });
    this.#guarded(() => this.#listener.spanEnded(span.spanContext().traceId));
  }

  async forceFlush(): Promise<void> {
    // Nothing is buffered.
  }

  async shutdown(): Promise<void> {
    // The log record processor owns the state, and shuts it down.
  }

  #isError(span: SpanLike): boolean {
    const errors = this.#errors;
    if (typeof errors !== 'function') return errors;
    try {
      return errors(span) === true;
    } catch (error) {
      this.#warnings.warn('errors', `errors threw ${errorText(error)}; the span is a trigger`);
      return true;
    }
  }

  #trigger(cause: 'span_error' | 'span_slow', span: SpanLike): void {
    const { traceId, spanId } = span.spanContext();
    this.#listener.spanTriggered(traceId, {
      cause,
      spanId,
      fingerprint: () => spanFingerprint(cause, span.name),
    });
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#warnings.warn('span', `a span was not counted: ${errorText(error)}`);
    }
  }
}
