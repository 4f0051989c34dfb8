import type { FlushOptionsLike, LogRecordProcessorLike } from '../record/index.ts';

/** Several processors as one, each called in turn: what stands behind a burst that has more than one destination. */
export class SeveralProcessors implements LogRecordProcessorLike {
  readonly #processors: readonly LogRecordProcessorLike[];

  constructor(processors: readonly LogRecordProcessorLike[]) {
    this.#processors = processors;
  }

  onEmit(record: unknown, context?: Parameters<LogRecordProcessorLike['onEmit']>[1]): void {
    for (const processor of this.#processors) processor.onEmit(record, context);
  }

  /** As the SDK: a logger is off if all its processors say so. */
  enabled(options: unknown): boolean {
    return this.#processors.some((processor) => processor.enabled?.(options) ?? true);
  }

  async forceFlush(options?: FlushOptionsLike): Promise<void> {
    await Promise.all(this.#processors.map((processor) => processor.forceFlush(options)));
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.#processors.map((processor) => processor.shutdown()));
  }
}

/** One processor for several. */
export function asOne(processors: readonly LogRecordProcessorLike[]): LogRecordProcessorLike {
  return processors.length === 1 ? processors[0]! : new SeveralProcessors(processors);
}
