import type { BurstStats } from '../holding/index.ts';
import type { FlushOptionsLike, SpanProcessorLike } from '../record/index.ts';
import type { BurstSpanProcessorOptions } from './burst-span-processor.ts';
import type { BurstCallOptions } from './options.ts';
import type { VerbosityRule } from './verbosity-rule.ts';

/** What both `BurstLogRecordProcessor` and `BurstLoggerProvider` offer beside taking records. */
export interface BurstControls {
  /**
   * Releases what is held, although nothing went wrong. Not limited.
   * @param options `keys`: `'active'` (default), the key of the active context; `'all'`; or an array of keys.
   * `reason`: a text for the manifest
   * @returns the id of the burst and how many records it released; undefined if there were none
   */
  burst(
    options?: BurstCallOptions & { readonly reason?: string | undefined },
  ): { id: string; released: number } | undefined;

  /**
   * Discards what is held, since all went well. For the end of a job or of a Lambda invocation.
   * @returns how many records were discarded
   */
  discard(options?: BurstCallOptions): number;

  /**
   * Changes levels while the application runs, for a time: of loggers and tasks by their names, also of those that
   * exist already. What is held stays held. Of the rules that match a record the first decides, and what it does not
   * set stays as the options say; those of a later call go before those of an earlier one. At most 32 hold at once.
   *
   * ```js
   * const end = burst.configure({ logger: 'payments.*', emitLevel: 'DEBUG', forMillis: 600_000 });
   * ```
   * @returns a function that ends these rules before their time
   * @throws RangeError or TypeError when a rule is wrong, or one too many; then nothing changes
   */
  configure(rules: VerbosityRule | readonly VerbosityRule[]): () => void;

  /** What became of the records. */
  stats(): BurstStats;

  /**
   * A span processor for the TracerProvider. With it, traces settle when their last span ends, and a failed
   * or slow span is a trigger. If there are several TracerProviders, give all of them the same one.
   * @throws TypeError when an option is wrong, when it was called before, or when `scope` is a function or
   * 'task': then nothing says which key a span belongs to
   */
  spanProcessor(options?: BurstSpanProcessorOptions): SpanProcessorLike;

  /**
   * Resolves when what is loud or released has been delivered, or has failed and was counted, at the latest
   * after `timeoutMillis` (default `flushTimeoutMillis`): what is not delivered by then is still pending, see
   * `stats()`. Keeps the process alive meanwhile; never rejects. Quiet records stay held. In chronological
   * order the loud ones that wait leave first.
   */
  forceFlush(options?: FlushOptionsLike): Promise<void>;

  /**
   * Hands on what is loud or released, evicts the quiet ones, and ends the exporter, the wrapped processor or
   * the wrapped provider, within `delivery.shutdownTimeoutMillis` (30 s). May be called twice; never rejects.
   */
  shutdown(): Promise<void>;
}
