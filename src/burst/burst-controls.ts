import type { BurstStats } from '../holding/index.ts';
import type { FlushOptionsLike, SpanProcessorLike } from '../record/index.ts';
import type { BurstSpanProcessorOptions } from './burst-span-processor.ts';
import type { BurstCallOptions } from './options.ts';
import type { VerbosityRule } from './verbosity-rule.ts';

/** The methods that `BurstLogRecordProcessor` and `BurstLoggerProvider` have in common. */
export interface BurstControls {
  /**
   * Releases held records manually, without a trigger. The option `limit` does not apply.
   * @param options `keys`: `'active'` (default), the key of the active context; `'all'`; or an array of keys.
   * `reason`: a text for the manifest
   * @returns the id of the burst and the number of released records; undefined if no record was held
   */
  burst(
    options?: BurstCallOptions & { readonly reason?: string | undefined },
  ): { id: string; released: number } | undefined;

  /**
   * Discards held records, for example at the successful end of a job or of a Lambda invocation.
   * @returns the number of discarded records
   */
  discard(options?: BurstCallOptions): number;

  /**
   * Changes the levels of loggers and tasks for a limited time, while the application runs. It also applies
   * to existing loggers and tasks. Held records stay held. The first rule that matches a record applies, and
   * rules of a later call take precedence over earlier ones. A level that the rule does not set is taken from
   * the options. At most 32 rules can be active at the same time.
   *
   * ```js
   * const end = burst.configure({ logger: 'payments.*', emitLevel: 'DEBUG', forMillis: 600_000 });
   * ```
   * @returns a function that ends these rules early
   * @throws RangeError or TypeError if a rule is invalid, or there are too many; then nothing changes
   */
  configure(rules: VerbosityRule | readonly VerbosityRule[]): () => void;

  /** Returns the number of records by outcome. */
  stats(): BurstStats;

  /**
   * Returns a span processor for the TracerProvider. With it, a trace settles when its last span ends, and a
   * failed or slow span is a trigger. Register the same one with every TracerProvider.
   * @throws TypeError if an option is invalid, if it was called before, or if `scope` is a function or
   *   'task', because the key of a span is then unknown
   */
  spanProcessor(options?: BurstSpanProcessorOptions): SpanProcessorLike;

  /**
   * Resolves when every loud or released record is delivered, or has failed and was counted, at the latest
   * after `timeoutMillis` (default `flushTimeoutMillis`). Records not delivered by then stay pending, see
   * `stats()`. Keeps the process alive in the meantime; never rejects. Quiet records stay held. In
   * chronological order, waiting loud records are sent first.
   */
  forceFlush(options?: FlushOptionsLike): Promise<void>;

  /**
   * Delivers loud and released records, evicts quiet ones, and shuts down the exporter, the wrapped processor
   * or the wrapped provider, within `delivery.shutdownTimeoutMillis` (30 s). May be called twice; never
   * rejects.
   */
  shutdown(): Promise<void>;
}
