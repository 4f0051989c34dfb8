import type { BurstStats } from '../holding/index.ts';
import type { FlushOptionsLike, SpanProcessorLike } from '../record/index.ts';
import type { BurstControls } from './burst-controls.ts';
import type { BurstSpanProcessorOptions } from './burst-span-processor.ts';
import type { BurstCallOptions } from './options.ts';
import type { VerbosityRule } from './verbosity-rule.ts';

/**
 * The common methods of `BurstLogRecordProcessor` and `BurstLoggerProvider`. They delegate to an internal
 * object whose other members stay private.
 */
export abstract class BurstComponent implements BurstControls {
  readonly #controls: BurstControls;

  constructor(controls: BurstControls) {
    this.#controls = controls;
  }

  burst(
    options?: BurstCallOptions & { readonly reason?: string | undefined },
  ): { id: string; released: number } | undefined {
    return this.#controls.burst(options);
  }

  discard(options?: BurstCallOptions): number {
    return this.#controls.discard(options);
  }

  configure(rules: VerbosityRule | readonly VerbosityRule[]): () => void {
    return this.#controls.configure(rules);
  }

  stats(): BurstStats {
    return this.#controls.stats();
  }

  spanProcessor(options?: BurstSpanProcessorOptions): SpanProcessorLike {
    return this.#controls.spanProcessor(options);
  }

  forceFlush(options?: FlushOptionsLike): Promise<void> {
    return this.#controls.forceFlush(options);
  }

  shutdown(): Promise<void> {
    return this.#controls.shutdown();
  }
}
