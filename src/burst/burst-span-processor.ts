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

/** What the span processor looks for. */
export interface BurstSpanProcessorOptions {
  /**
   * Whether a span that ends with status ERROR is a trigger; a function decides for each such span. If it
   * throws, the span is one. Default true.
   */
  readonly errors?: boolean | ((span: SpanLike) => boolean) | undefined;
  /** A span that took longer is a trigger, in milliseconds. Default: none is too slow. */
  readonly slowerThanMillis?: number | undefined;
  /** How long after its last span a trace settles, if no span begins. In milliseconds; default 1,000. */
  readonly lingerMillis?: number | undefined;
}

/** `SpanStatusCode.ERROR` of `@opentelemetry/api`. */
const STATUS_ERROR = 2;

/** What the span processor reports. */
export interface SpanListener {
  spanStarted(traceId: string): void;
  spanEnded(traceId: string): void;
  spanTriggered(traceId: string, trigger: Trigger): void;
}

/**
 * Reports when traces begin, end and fail. It exports nothing. Only spans that are recorded reach a span
 * processor; unsampled traces burst by their logs.
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
    // Nothing waits here.
  }

  async shutdown(): Promise<void> {
    // The log record processor ends what belongs to it.
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
